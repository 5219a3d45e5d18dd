/**
 * The user's choices on the page. This browser keeps them where they are used, the server for all browsers:
 * a module that keeps a choice announces it here, and `app/preferences.ts` sends it.
 */
import { useSyncExternalStore } from "react";
import type { Theme } from "./theme";

export type Choices = {
  theme?: Theme;
  language?: string;
  volume?: number;
  muted?: boolean;
  rate?: number;
  captions?: string;
  sort?: string;
  download_folder?: string;
  download_quality?: string;
  download_preset?: string;
};

const SORT = "mf.sort";
const announced = new Set<(change: Choices) => void>();
const sorted = new Set<() => void>();

export function announce(change: Choices) {
  for (const listener of announced) listener(change);
}

export function onChoice(listener: (change: Choices) => void) {
  announced.add(listener);
  return () => void announced.delete(listener);
}

/** The order of the library that the user chose last. */
export const useChosenSort = () =>
  useSyncExternalStore(
    (listener) => {
      sorted.add(listener);
      return () => void sorted.delete(listener);
    },
    () => localStorage.getItem(SORT) ?? undefined,
  );

export function keepSort(sort: string) {
  if (localStorage.getItem(SORT) === sort) return;
  localStorage.setItem(SORT, sort);
  for (const listener of sorted) listener();
}
