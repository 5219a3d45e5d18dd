/** Remembers how far an item was watched: at most every 10 s, when it pauses, and when the page goes away. */
import { useEffect, useState } from "react";
import { call } from "@/api/client";
import type { Item } from "@/api/types";
import { player } from "@/components/player-store";

const EVERY = 10_000; // ms
const WORTH = 5; // s: less is not worth a resume

/** The start position: 0 if the item was hardly begun, or is watched. */
export function resumeAt({ position, watched }: Pick<Item, "position" | "watched">): number {
  return !position || position < WORTH || watched ? 0 : position;
}

/** Seeks to where it was left, and keeps the server told. Answers where it resumed, if anywhere. */
export function usePosition(media: HTMLMediaElement | null, item: Item) {
  const [resumed, setResumed] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the item said when it was opened; not what we say since
  useEffect(() => {
    if (!media) return;
    setResumed(0);
    const start = resumeAt(item);
    let told = start;
    let when = Date.now();
    let ready = false; // before its facts have come, the time is that of the item before
    const tell = () => {
      if (!ready || player.get().marked === item.id) return;
      const now = media.currentTime;
      if (Math.abs(now - told) < 1) return;
      told = now;
      when = Date.now();
      // Lost is not worth a word: the next one comes.
      call("PUT", "/api/items/{id}/position", {
        path: { id: item.id },
        body: { position: now },
        keepalive: true,
      }).catch(() => {});
    };
    const listeners: [keyof HTMLMediaElementEventMap, () => void][] = [
      ["timeupdate", () => Date.now() - when >= EVERY && tell()],
      ["pause", tell],
      [
        "ended",
        () => {
          tell();
          // Only the browser knows how long a file is whose duration the server could not read.
          if (!item.duration)
            call("PUT", "/api/items/{id}/watched", { path: { id: item.id }, body: { watched: true } }).catch(() => {});
        },
      ],
      [
        "loadedmetadata",
        () => {
          ready = true;
          if (!start) return;
          media.currentTime = start;
          setResumed(start);
        },
      ],
    ];
    for (const [kind, listener] of listeners) media.addEventListener(kind, listener);
    addEventListener("pagehide", tell);
    return () => {
      for (const [kind, listener] of listeners) media.removeEventListener(kind, listener);
      removeEventListener("pagehide", tell);
      tell();
    };
  }, [item.id, media]);
  return { resumed, forget: () => setResumed(0) };
}
