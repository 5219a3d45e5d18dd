/** Menus that appear where they are asked for. Their code is loaded with the first one. */
import { lazy, type MouseEvent, type ReactNode, Suspense, useCallback, useState } from "react";
import { register } from "@/lib/load";

const Popup = lazy(register(() => import("@/components/ui/menu")));

export type Choice = {
  key: string;
  label: string;
  icon: ReactNode;
  run: () => void;
  danger?: boolean;
  shortcut?: string;
  /** A line above it. */
  apart?: boolean;
};
/** Below this element, or at this point of the window. */
export type Place = Element | { x: number; y: number };
export type Asked = { place: Place; choices: Choice[] };

/** `ask` opens a menu; `menu` has to stand somewhere in the page. */
export function useMenu() {
  const [asked, setAsked] = useState<Asked & { open: boolean; time: number }>();
  // A moment later, and as a new one: the click that asks must not be taken for one beside the menu, which closes it.
  const ask = useCallback((place: Place, choices: Choice[]) => {
    setTimeout(() => setAsked((before) => ({ place, choices, open: true, time: (before?.time ?? 0) + 1 })));
  }, []);
  const close = useCallback(() => setAsked((before) => before && { ...before, open: false }), []);
  const menu: ReactNode = asked && (
    <Suspense>
      <Popup key={asked.time} {...asked} onClose={close} />
    </Suspense>
  );
  return { ask, menu, open: !!asked?.open };
}

/** The place of a menu: at its button, or at a click with the right button. */
export function placeOf(event: MouseEvent): Place {
  if (event.type === "contextmenu" && (event.clientX || event.clientY)) return { x: event.clientX, y: event.clientY };
  return event.currentTarget;
}
