/** The state of the media element, for what is drawn from it. */
import { useSyncExternalStore } from "react";

const EVENTS = [
  "play",
  "pause",
  "ended",
  "timeupdate",
  "seeked",
  "durationchange",
  "loadedmetadata",
  "emptied",
  "volumechange",
  "ratechange",
  "progress",
  "waiting",
  "playing",
] as const;

/** Part of the element's state; the component renders again only when that part changes. */
export function useMedia<Part extends string | number | boolean>(
  media: HTMLVideoElement | null,
  part: (media: HTMLVideoElement) => Part,
  otherwise: Part,
): Part {
  return useSyncExternalStore(
    (changed) => {
      for (const kind of EVENTS) media?.addEventListener(kind, changed);
      media?.textTracks.addEventListener("change", changed);
      return () => {
        for (const kind of EVENTS) media?.removeEventListener(kind, changed);
        media?.textTracks.removeEventListener("change", changed);
      };
    },
    () => (media ? part(media) : otherwise),
  );
}

export const toggle = (media: HTMLMediaElement | null) =>
  // Pausing before it has begun ends its promise with an error that means nothing.
  media && (media.paused ? void media.play().catch(() => {}) : media.pause());

export function seekBy(media: HTMLMediaElement | null, seconds: number) {
  if (media) media.currentTime = Math.max(0, Math.min(media.duration || 0, media.currentTime + seconds));
}

export function seekTo(media: HTMLMediaElement, seconds: number) {
  media.currentTime = seconds;
}
