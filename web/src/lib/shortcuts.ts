/** The keys of a page: one list is what the keyboard does, what `?` shows and what a menu names. */
import { useEffect, useEffectEvent } from "react";

export type Shortcut<Label extends string = string> = {
  /** Values of `KeyboardEvent.key` that run it. */
  on: readonly string[];
  /** With Ctrl, or Cmd on a Mac: then it also runs while something is typed. */
  ctrl?: boolean;
  /** How it is written for users. */
  shown: string;
  label: Label;
  /** Returns false if it did nothing: then the browser's own action happens. */
  run: (event: KeyboardEvent) => unknown;
};

/** Whether the focus is in something that takes text or arrow keys itself. */
export const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** Elements that take the keys while they are open. A toast is a dialog too, but it covers nothing. */
const COVERS =
  "[role=dialog]:not([data-slot=toast]),[role=alertdialog]:not([data-slot=toast]),[role=menu],[role=listbox]";

/** Whether a dialog or a menu is open: its keys come first. */
export const isCovered = () => document.querySelector(COVERS) !== null;

/** Space and Enter belong to the button or link that has the focus. */
const ownsSpace = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest("button,a,[role=button],[role=gridcell],[role=treeitem],summary");

export function useShortcuts(shortcuts: readonly Shortcut[], enabled = true) {
  const press = useEffectEvent((event: KeyboardEvent) => {
    const ctrl = event.ctrlKey || event.metaKey;
    if (event.defaultPrevented || event.altKey || isCovered()) return;
    if (!ctrl && isTyping(event.target)) return;
    if ((event.key === " " || event.key === "Enter") && ownsSpace(event.target)) return;
    const found = shortcuts.find((each) => (each.ctrl ?? false) === ctrl && each.on.includes(event.key));
    if (found && found.run(event) !== false) event.preventDefault();
  });
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => press(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, [enabled]);
}
