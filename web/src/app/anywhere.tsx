/** Parts of every page: adding by paste or key, news of downloads, and the title of the window. */
import { useRouter, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import { askToAdd, offerLinks, useAsked } from "@/components/add-store";
import { Boundary } from "@/components/boundary";
import { hideKeys, showKeys, useKeysShown } from "@/components/keys-store";
import { showPalette, usePaletteShown } from "@/components/palette-store";
import { useDownloadNews, useRunning } from "@/features/downloads/news";
import { type Key, useI18n } from "@/i18n";
import { onlyLinks } from "@/lib/links";
import { loadAll, register } from "@/lib/load";
import { isTyping, type Shortcut, useShortcuts } from "@/lib/shortcuts";

const AddDialog = lazy(register(() => import("@/features/downloads/add-dialog")));
const KeysDialog = lazy(register(() => import("@/components/keys-dialog")));
const Palette = lazy(register(() => import("./palette")));
const REST = 8000; // ms after which the other parts are fetched: the first picture comes first

const TITLES: Record<string, Key> = {
  "/": "nav.home",
  "/downloads": "nav.downloads",
  "/library": "nav.library",
  "/channels": "places.channels",
  "/playlists": "places.playlists",
  "/trash": "nav.trash",
  "/following": "nav.following",
  "/settings": "nav.settings",
};

export function Anywhere() {
  const asked = useAsked();
  const keys = useKeysShown();
  const palette = usePaletteShown();
  useDownloadNews();
  useTitle();
  useHeadingFocus();
  usePaste();
  useShortcuts([
    { on: ["a", "A"], shown: "A", label: "add.heading", run: () => askToAdd({ text: "" }) },
    { on: ["k", "K"], ctrl: true, shown: "Ctrl K", label: "palette.title", run: () => showPalette(true) },
    { on: ["?"], shown: "?", label: "lib.shortcuts", run: showKeys },
  ] satisfies Shortcut<Key>[]);
  useEffect(() => {
    const wait = setTimeout(() => void loadAll(), REST);
    return () => clearTimeout(wait);
  }, []);
  return (
    <Boundary fallback={() => null}>
      <Suspense>{palette && <Palette onClose={() => showPalette(false)} />}</Suspense>
      <Suspense>{keys && <KeysDialog keys={keys} onClose={hideKeys} />}</Suspense>
      <Suspense>{asked && <AddDialog draft={asked} onClose={() => askToAdd(undefined)} />}</Suspense>
    </Boundary>
  );
}

/** A link pasted while nothing else takes text. While another page is loading, the box of this one is not for it. */
function usePaste() {
  const router = useRouter();
  useEffect(() => {
    const listener = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text") ?? "";
      if (!isTyping(event.target) && onlyLinks(text)) offerLinks(text, isLeaving());
    };
    const isLeaving = () => {
      const { location, resolvedLocation } = router.state;
      return location.pathname !== resolvedLocation?.pathname;
    };
    addEventListener("paste", listener);
    return () => removeEventListener("paste", listener);
  }, [router]);
}

/** "(2) Library · MediaFetcher"; a watch page has the title of its item, from its heading. */
function useTitle() {
  const { t } = useI18n();
  const running = useRunning();
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname ?? state.location.pathname });
  const named = TITLES[path];
  useEffect(() => {
    const write = () => {
      const heading = named ? t(named) : document.querySelector("main h1")?.textContent;
      const within = path.startsWith("/settings/") && t("nav.settings");
      document.title = [running ? `(${running})` : "", [heading, within, "MediaFetcher"].filter(Boolean).join(" · ")]
        .filter(Boolean)
        .join(" ");
    };
    write();
    if (named) return;
    const watcher = new MutationObserver(write); // the heading of an item comes with its data
    const main = document.querySelector("main");
    if (main) watcher.observe(main, { childList: true, subtree: true, characterData: true });
    return () => watcher.disconnect();
  }, [named, path, running, t]);
}

/** Tells whether the focus has left this element, which is still on the page; a popup gives it back by itself. */
const hasMoved = (from: Element | null) =>
  Boolean(from?.isConnected) &&
  from !== document.activeElement &&
  !from?.closest("[role=dialog], [role=menu], [role=listbox]");

/** After a navigation the focus is at the beginning of the new page, for readers of the screen. */
function useHeadingFocus() {
  const wanted = useRouterState({ select: (state) => state.location.pathname });
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const first = useRef(true);
  const before = useRef<Element>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what has the focus when a navigation begins
  useEffect(() => {
    before.current = document.activeElement;
  }, [wanted]);
  useEffect(() => {
    if (path === undefined) return;
    if (first.current) {
      first.current = false;
      return;
    }
    const focused = document.activeElement;
    if (isTyping(focused)) return; // a field that was opened while the page was on its way
    if (focused && focused !== document.body && focused.closest("main") && !focused.closest("[data-player]")) return;
    if (focused !== document.body && hasMoved(before.current)) return; // the user continued while the page was loading
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [path]);
}
