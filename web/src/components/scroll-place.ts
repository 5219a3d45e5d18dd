/** The place of a page that scrolls inside: Back and a reload begin where it was left, a new visit at its top. */
import { useRouter } from "@tanstack/react-router";
import { type RefObject, useLayoutEffect, useRef, useState } from "react";

const INPUTS = ["wheel", "touchstart", "pointerdown", "keydown"] as const; // what the user scrolls with

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The link leads back to a view: it begins where that view was left. */
    returns?: true;
  }
}

type Place = ReturnType<typeof useRouter>["history"]["location"];

/** Of the entry of the history, and of the view wherever it is in the history. */
const keysOf = ({ href, state }: Place) => ({ entry: `mf.scroll ${state.__TSR_key}`, view: `mf.scroll ${href}` });

const SETTLED = 1000; // ms after which what is above no longer changes its height

/** Scrolls as far as the content goes by now. The place that was left is kept until the page has settled. */
function scrollTo(element: HTMLElement, wanted: RefObject<number | undefined>) {
  if (!wanted.current) return;
  element.scrollTop = wanted.current;
  if (element.scrollTop <= wanted.current - 2) return;
  setTimeout(() => {
    wanted.current = 0;
  }, SETTLED);
}

/**
 * `drawn`: the content begins to have its height; a list that is still too short gets there as it grows. `always`: also
 * a new visit begins where the last one ended.
 */
export function useScrollPlace(box: RefObject<HTMLElement | null>, drawn = true, always = false) {
  const { history } = useRouter();
  const [path] = useState(() => history.location.pathname);
  const wanted = useRef<number>(undefined);
  if (wanted.current === undefined) {
    const { entry, view } = keysOf(history.location);
    const returns = always || history.location.state.returns;
    // 0 once it is reached and the page has settled, or the user scrolls
    wanted.current = Number(sessionStorage.getItem(entry) ?? (returns ? sessionStorage.getItem(view) : 0));
  }
  // After each render: the content takes its height later than its data comes.
  useLayoutEffect(() => {
    if (box.current && drawn) scrollTo(box.current, wanted);
  });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // Children render by themselves too, and take their height then.
    const grown = new ResizeObserver(() => scrollTo(element, wanted));
    for (const child of element.children) grown.observe(child);
    let keys = keysOf(history.location);
    const save = () => {
      if (wanted.current || !element.clientHeight) return; // not there yet, or hidden by the page that comes
      // Browsers tell of a scroll a frame later: if a link was followed meanwhile, it still belongs to this page.
      if (history.location.pathname === path) keys = keysOf(history.location);
      sessionStorage.setItem(keys.entry, String(element.scrollTop));
      sessionStorage.setItem(keys.view, String(element.scrollTop));
    };
    const forget = () => {
      wanted.current = 0;
    };
    element.addEventListener("scroll", save, { passive: true });
    for (const kind of INPUTS) element.addEventListener(kind, forget, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", save);
      for (const kind of INPUTS) element.removeEventListener(kind, forget);
    };
  }, [box, history, path]);
}
