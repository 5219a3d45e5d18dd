import { type RefObject, useEffect, useRef } from "react";

export const PLAYER_KEYS = [
  ["K", "play.pause"],
  ["J L", "play.jump"],
  ["F", "play.full"],
  ["M", "play.mute"],
  ["C", "play.captions"],
  ["< >", "play.speed"],
  ["N P", "play.neighbours"],
  ["?", "lib.shortcuts"],
] as const;

type Go = { next?: () => void; previous?: () => void };

/** The keys that people know from elsewhere, and those of the keyboard's media row. */
export function usePlayerKeys(player: RefObject<HTMLMediaElement | null>, { next, previous }: Go, onHelp: () => void) {
  const help = useRef(onHelp);
  help.current = onHelp;
  useEffect(() => {
    const media = player.current;
    if (!media) return;
    const jump = (seconds: number) => () => {
      media.currentTime += seconds;
    };
    const speed = (step: number) => () => {
      media.playbackRate = Math.min(2, Math.max(0.5, media.playbackRate + step));
    };
    const acts: Record<string, () => unknown> = {
      // Pausing before it has begun ends its promise with an error that means nothing.
      k: () => (media.paused ? void media.play().catch(() => {}) : media.pause()),
      j: jump(-10),
      l: jump(10),
      f: () => (document.fullscreenElement ? document.exitFullscreen() : media.requestFullscreen?.()),
      m: () => {
        media.muted = !media.muted;
      },
      c: () => {
        const track = media.textTracks[0];
        if (track) track.mode = track.mode === "showing" ? "hidden" : "showing";
      },
      n: () => next?.(),
      p: () => previous?.(),
      ">": speed(0.25),
      "<": speed(-0.25),
      "?": () => help.current(),
    };
    const key = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && /^(input|textarea|select)$/i.test(event.target.tagName);
      if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) acts[event.key]?.();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [player, next, previous]);
}

/** What the lock screen and the keyboard's media keys show and do. */
export function useMediaSession(
  player: RefObject<HTMLMediaElement | null>,
  { title, artist, artwork }: { title: string; artist: string; artwork: string | null },
  { next, previous }: Go,
) {
  useEffect(() => {
    const session = navigator.mediaSession;
    if (!session) return;
    session.metadata = new MediaMetadata({ title, artist, artwork: artwork ? [{ src: artwork }] : [] });
    const jump = (seconds: number) => () => {
      if (player.current) player.current.currentTime += seconds;
    };
    const handlers: [MediaSessionAction, (() => void) | null][] = [
      ["previoustrack", previous ?? null],
      ["nexttrack", next ?? null],
      ["seekbackward", jump(-10)],
      ["seekforward", jump(10)],
    ];
    for (const [action, handler] of handlers) session.setActionHandler(action, handler);
    return () => {
      session.metadata = null;
      for (const [action] of handlers) session.setActionHandler(action, null);
    };
  }, [player, title, artist, artwork, next, previous]);
}
