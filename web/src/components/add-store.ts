/** Asks for the dialog that adds links, from any page: by key, by paste, by a button, or to try a download again. */
import { useSyncExternalStore } from "react";
import type { Options } from "@/api/types";

export type Draft = {
  text: string;
  folder?: string;
  options?: Options;
  /** The download that the new one replaces. */
  replaces?: number;
};

let asked: Draft | undefined;
const listeners = new Set<() => void>();

export function askToAdd(draft: Draft | undefined) {
  asked = draft;
  for (const listener of listeners) listener();
}

export const useAsked = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => asked,
  );
