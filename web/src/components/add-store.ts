/** Links that come from anywhere: into the box of the page, or into the dialog that adds them. */
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { Options } from "@/api/types";

export type Draft = {
  text: string;
  folder?: string;
  options?: Options;
  /** The download that the new one replaces. */
  replaces?: number;
};

/** Asks for the dialog that adds links, from any page: by key, by a button, or to try a download again. */
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

const boxes: ((text: string) => void)[] = [];

/** The component has a box for links: what is pasted goes there. The one that was shown last comes first. */
export function useLinkBox(take: (text: string) => void) {
  const put = useEffectEvent(take);
  useEffect(() => {
    const box = (text: string) => put(text);
    boxes.push(box);
    return () => void boxes.splice(boxes.indexOf(box), 1);
  }, []);
}

/** Puts links into the box that is shown, else into the dialog. */
export function offerLinks(text: string) {
  const box = boxes.at(-1);
  if (box) box(text);
  else askToAdd({ text });
}
