/** The element that dialogs, menus and toasts are drawn in: in full screen only its own content can be seen. */
import { useSyncExternalStore } from "react";

const subscribe = (changed: () => void) => {
  document.addEventListener("fullscreenchange", changed);
  return () => document.removeEventListener("fullscreenchange", changed);
};

/** Returns: the element in full screen; undefined if there is none: then it is the body. */
export const useOverlayRoot = (): HTMLElement | undefined =>
  useSyncExternalStore(subscribe, () => (document.fullscreenElement as HTMLElement | null) ?? undefined);
