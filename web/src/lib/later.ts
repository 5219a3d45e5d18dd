/** Whether the owner of a desktop put the first account off, in this browser. */
import { useSyncExternalStore } from "react";

const KEY = "mf.setup.later";
const listeners = new Set<() => void>();

export const later = {
  choose(yes: boolean) {
    if (yes) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
    for (const listener of listeners) listener();
  },
};

export const useLater = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => localStorage.getItem(KEY) === "1",
  );
