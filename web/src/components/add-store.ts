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

type Box = { put: (text: string) => void; ofPage: boolean };
const boxes: Box[] = [];

/**
 * The component has a box for links: what is pasted goes there. The one that was shown last comes first. `ofPage`: it
 * disappears with its page.
 */
export function useLinkBox(take: (text: string) => void, ofPage: boolean) {
  const put = useEffectEvent(take);
  useEffect(() => {
    const box = { put: (text: string) => put(text), ofPage };
    boxes.push(box);
    return () => void boxes.splice(boxes.indexOf(box), 1);
  }, [ofPage]);
}

/** Puts links into the box that is shown, else into the dialog. `leaving`: the page is about to be replaced. */
export function offerLinks(text: string, leaving = false) {
  const box = boxes.findLast(({ ofPage }) => !(leaving && ofPage));
  if (box) box.put(text);
  else askToAdd({ text });
}
