/** Asks for the list of keyboard shortcuts, by key or by a button. */
import { useSyncExternalStore } from "react";
import { type Shortcut, shortcutsNow } from "@/lib/shortcuts";

let shown: Shortcut[] | undefined;
const listeners = new Set<() => void>();

function set(shortcuts: Shortcut[] | undefined) {
  shown = shortcuts;
  for (const listener of listeners) listener();
}

/** Shows the shortcuts of what is on the page now. */
export const showKeys = () => set(shortcutsNow());
export const hideKeys = () => set(undefined);

export const useKeysShown = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => shown,
  );
