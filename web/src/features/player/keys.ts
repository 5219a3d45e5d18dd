import { type RefObject, useEffect } from "react";
import { captionsShown, remember, remembered, showCaptions } from "@/components/player-choices";
import { player } from "@/components/player-store";
import type { Key } from "@/i18n";
import { type Shortcut, useShortcuts } from "@/lib/shortcuts";
import { fullScreen } from "./gestures";
import type { Ways } from "./stage";
import { seekBy, seekTo, toggle } from "./use-media";

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Keys of the small player, on every page; the arrows and digits belong to the page there. */
const ANYWHERE = [" ", "k", "j", "l", "m", "n", "p", "<", ">"];

/** The keys of the watch page. */
function playerShortcuts(
  media: HTMLVideoElement | null,
  wrapper: RefObject<HTMLElement | null>,
  ways: Ways,
): Shortcut<Key>[] {
  const speed = (step: number) => {
    if (media) media.playbackRate = Math.min(2, Math.max(0.5, media.playbackRate + step));
  };
  return [
    { on: [" ", "k", "K"], shown: "K ␣", label: "play.pause", run: () => toggle(media) },
    { on: ["ArrowLeft"], shown: "← →", label: "play.jump5", run: () => seekBy(media, -5) },
    { on: ["ArrowRight"], shown: "", label: "play.jump5", run: () => seekBy(media, 5) },
    { on: ["j", "J"], shown: "J L", label: "play.jump", run: () => seekBy(media, -10) },
    { on: ["l", "L"], shown: "", label: "play.jump", run: () => seekBy(media, 10) },
    {
      on: DIGITS,
      shown: "0–9",
      label: "play.jumpTo",
      run: ({ key }) => media && seekTo(media, ((media.duration || 0) * Number(key)) / 10),
    },
    {
      on: ["f", "F"],
      shown: "F",
      label: "play.full",
      run: () => wrapper.current && fullScreen(wrapper.current),
    },
    { on: ["t", "T"], shown: "T", label: "play.theatre", run: player.toggleTheatre },
    {
      on: ["m", "M"],
      shown: "M",
      label: "play.mute",
      run: () => {
        if (media) media.muted = !media.muted;
      },
    },
    { on: ["c", "C"], shown: "C", label: "play.captions", run: () => media && toggleCaptions(media) },
    { on: ["<"], shown: "< >", label: "play.speed", run: () => speed(-0.25) },
    { on: [">"], shown: "", label: "play.speed", run: () => speed(0.25) },
    { on: ["n", "N"], shown: "N P", label: "play.neighbours", run: () => ways.next?.() },
    { on: ["p", "P"], shown: "", label: "play.neighbours", run: () => ways.previous?.() },
  ];
}

export function usePlayerKeys(
  media: HTMLVideoElement | null,
  wrapper: RefObject<HTMLElement | null>,
  ways: Ways,
  onPage: boolean,
) {
  const all = playerShortcuts(media, wrapper, ways);
  const few = all.filter(({ on }) => on.some((key) => ANYWHERE.includes(key)));
  // The cells of the library have keys of their own: those come first while one has the focus.
  const unlessGrid = few.map((each) => ({
    ...each,
    run: (event: KeyboardEvent) =>
      event.target instanceof Element && event.target.closest("[role=grid]") ? false : each.run(event),
  }));
  useShortcuts(onPage ? all : unlessGrid);
}

/** Off, or on again in the language that was chosen last: never two at once. */
export function toggleCaptions(media: HTMLVideoElement) {
  const shown = captionsShown(media);
  const first = media.textTracks[0]?.language ?? "";
  if (shown) showCaptions(media, "");
  else showCaptions(media, remembered().captions || first);
  if (!shown && !captionsShown(media)) showCaptions(media, first); // the language that was chosen is not here
  remember({ captions: shown ? "" : captionsShown(media) });
}

/** How far it is, for the lock screen: it counts on by itself from there. */
function usePositionState(media: HTMLVideoElement | null) {
  useEffect(() => {
    const session = navigator.mediaSession;
    if (!media || !session?.setPositionState) return;
    const tell = () => {
      const { duration, playbackRate, currentTime } = media;
      if (Number.isFinite(duration) && duration > 0 && playbackRate > 0)
        session.setPositionState({ duration, playbackRate, position: Math.min(currentTime, duration) });
    };
    const kinds = ["loadedmetadata", "durationchange", "play", "pause", "seeked", "ratechange"] as const;
    for (const kind of kinds) media.addEventListener(kind, tell);
    tell();
    return () => {
      for (const kind of kinds) media.removeEventListener(kind, tell);
      session.setPositionState();
    };
  }, [media]);
}

type Facts = { title: string; artist: string; artwork: string | null };

/** Connects the lock screen and the keyboard's media keys. */
export function useMediaSession(media: HTMLVideoElement | null, { title, artist, artwork }: Facts, ways: Ways) {
  const { next, previous } = ways;
  usePositionState(media);
  useEffect(() => {
    const session = navigator.mediaSession;
    if (!session) return;
    session.metadata = new MediaMetadata({ title, artist, artwork: artwork ? [{ src: artwork }] : [] });
    const handlers: [MediaSessionAction, MediaSessionActionHandler | null][] = [
      ["play", () => void media?.play().catch(() => {})],
      ["pause", () => media?.pause()],
      ["previoustrack", previous ?? null],
      ["nexttrack", next ?? null],
      ["seekbackward", ({ seekOffset } = { action: "seekbackward" }) => seekBy(media, -(seekOffset ?? 10))],
      ["seekforward", ({ seekOffset } = { action: "seekforward" }) => seekBy(media, seekOffset ?? 10)],
      ["seekto", ({ seekTime }) => media && seekTo(media, seekTime ?? 0)],
    ];
    for (const [action, handler] of handlers) session.setActionHandler(action, handler);
    return () => {
      session.metadata = null;
      for (const [action] of handlers) session.setActionHandler(action, null);
    };
  }, [media, title, artist, artwork, next, previous]);
}
