/**
 * The keys of a page: one list is what the keyboard does, what `?` shows and what a menu names. Each component
 * registers its own for as long as it is shown.
 */
import { type RefObject, useEffect, useEffectEvent } from "react";
import { useLatest } from "./latest";

export type Shortcut<Label extends string = string> = {
  /** Values of `KeyboardEvent.key` that run it. */
  on: readonly string[];
  /** With Ctrl, or Cmd on a Mac: then it also runs while something is typed. */
  ctrl?: boolean;
  /** How it is written for users; "" if another shortcut names it too. */
  shown: string;
  label: Label;
  /** Returns false if it did nothing: then the browser's own action happens. */
  run: (event: KeyboardEvent) => unknown;
};

type Scope = {
  enabled?: boolean;
  /** The keys work only while the focus is in it, and are those of its cells: Space and Enter too. */
  within?: RefObject<HTMLElement | null>;
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

const registered = new Set<RefObject<readonly Shortcut[]>>();

/** Returns: the shortcuts of what is shown now, those of the page before those of every page. */
export function shortcutsNow(): Shortcut[] {
  const all = [...registered].reverse().flatMap(({ current }) => current.filter(({ shown }) => shown));
  return [...new Map(all.map((each) => [each.shown, each])).values()];
}

export function useShortcuts(shortcuts: readonly Shortcut[], { enabled = true, within }: Scope = {}) {
  const latest = useLatest(shortcuts);
  const press = useEffectEvent((event: KeyboardEvent) => {
    const ctrl = event.ctrlKey || event.metaKey;
    if (event.defaultPrevented || event.altKey || isCovered()) return;
    if (within && !(event.target instanceof Node && within.current?.contains(event.target))) return;
    if ((!ctrl || within) && isTyping(event.target)) return;
    if (!within && (event.key === " " || event.key === "Enter") && ownsSpace(event.target)) return;
    const found = shortcuts.find((each) => (each.ctrl ?? false) === ctrl && each.on.includes(event.key));
    if (found && found.run(event) !== false) event.preventDefault();
  });
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => press(event);
    addEventListener("keydown", listener);
    registered.add(latest);
    return () => {
      removeEventListener("keydown", listener);
      registered.delete(latest);
    };
  }, [enabled, latest]);
}
