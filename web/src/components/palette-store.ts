/** Asks for the palette from any page: by key or by a button. */
import { useSyncExternalStore } from "react";

let open = false;
const listeners = new Set<() => void>();

export function showPalette(shown: boolean) {
  open = shown;
  for (const listener of listeners) listener();
}

export const usePaletteShown = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => open,
  );
