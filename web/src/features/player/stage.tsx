/**
 * The player of the session: one media element in one wrapper, which is never mounted again. It covers the slot of the
 * watch page, and is a small window (video) or a bar (audio) on every other page. Full screen is of the wrapper.
 */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { itemQuery } from "@/api/queries";
import type { Item } from "@/api/types";
import { isAudio, posterOf } from "@/components/media-card";
import { remember, remembered, showCaptions } from "@/components/player-choices";
import { player, type Queue, usePlayer } from "@/components/player-store";
import { useI18n } from "@/i18n";
import { languageName } from "@/lib/languages";
import { useLatest } from "@/lib/latest";
import { cn } from "@/lib/utils";
import { Controls } from "./controls";
import { Ended } from "./ended";
import { useGestures } from "./gestures";
import { useMediaSession, usePlayerKeys } from "./keys";
import { Mini } from "./mini";
import { Resumed, type Trouble, Unplayable } from "./notes";
import { usePosition } from "./position";
import { useQueue } from "./use-queue";

export default function Stage() {
  const id = usePlayer((state) => state.id) ?? 0;
  const { data } = useQuery({ ...itemQuery(id), enabled: id > 0 });
  const [item, setItem] = useState(data);
  if (data && data !== item) setItem(data); // the last one stays until the next one is known
  return item ? <Screen item={item} /> : null;
}

export type Ways = { next?: () => void; previous?: () => void };

function Screen({ item }: { item: Item }) {
  const { t, locale } = useI18n();
  const slot = usePlayer((state) => state.slot);
  const media = usePlayer((state) => state.media);
  const wrapper = useRef<HTMLElement>(null);
  const [failed, setFailed] = useState<{ id: number; trouble: Trouble }>();
  const trouble = failed?.id === item.id ? failed.trouble : undefined;
  const queue = useQueue(item);
  const ways = useWays(queue.queue, queue.next?.id, queue.previous?.id);
  const { resumed, forget } = usePosition(media, item);
  const mode = slot ? "page" : isAudio(item) ? "bar" : "mini";
  useCover(wrapper, slot);
  useSource(media, item);
  useRemembered(media);
  useSleep(media);
  usePlayerKeys(media, wrapper, ways, mode === "page");
  useMediaSession(
    media,
    { title: item.title, artist: item.uploader ?? item.site ?? "", artwork: posterOf(item) },
    ways,
  );
  const idle = useIdle(wrapper);
  const gestures = useGestures(media);
  return (
    <section
      ref={wrapper}
      aria-label={t("play.player")}
      data-player={mode}
      className={cn(
        "group/player z-20 bg-black text-white",
        mode !== "bar" && "overflow-hidden", // the menu of the bar opens above it
        mode === "page" && "absolute sm:rounded-xl shadow-2xl",
        mode === "mini" &&
          "fixed right-3 bottom-17 h-16 w-[calc(100%-1.5rem)] rounded-xl border border-white/10 shadow-2xl max-md:flex md:right-5 md:bottom-5 md:h-auto md:w-92",
        mode === "bar" && "fixed inset-x-0 bottom-14 flex h-16 border-t border-white/10 md:bottom-0 md:left-60 md:h-19",
        idle && "cursor-none",
      )}
    >
      <video
        ref={player.setMedia}
        aria-label={item.title}
        playsInline
        preload="metadata"
        poster={posterOf(item) ?? undefined}
        onError={() => setFailed({ id: item.id, trouble: "error" })}
        onLoadedMetadata={({ currentTarget }) => {
          // A browser without the decoder plays the sound alone, without a word: the picture is 0 x 0 then.
          if (item.media.video_codec && !currentTarget.videoWidth) setFailed({ id: item.id, trouble: "no-picture" });
          showCaptions(currentTarget, remembered().captions);
        }}
        {...(mode === "page" ? gestures : {})}
        className={cn(
          mode === "page" && "size-full object-contain",
          mode === "mini" && "aspect-video max-md:h-full max-md:w-28 max-md:shrink-0 md:w-full",
          mode === "bar" && "aspect-square h-full shrink-0 object-cover",
        )}
      >
        {item.subtitles.map((language) => (
          <track
            key={`${item.id} ${language}`}
            kind="subtitles"
            src={`/media/${item.id}/subtitles/${language}`}
            srcLang={language}
            label={languageName(language, locale)}
          />
        ))}
      </video>
      {mode === "page" && !trouble && <Controls item={item} media={media} wrapper={wrapper} ways={ways} idle={idle} />}
      {mode !== "page" && <Mini item={item} media={media} ways={ways} bar={mode === "bar"} />}
      {mode === "page" && trouble && <Unplayable item={item} trouble={trouble} />}
      {!trouble && (
        <Ended
          key={item.id}
          media={media}
          title={queue.next?.title}
          next={ways.next}
          line={mode === "mini" ? "phone" : mode === "bar"}
        />
      )}
      {mode === "page" && !trouble && resumed > 0 && <Resumed at={resumed} media={media} forget={forget} />}
    </section>
  );
}

/** To the next and the previous item: by the address on the watch page, without it on every other page. */
function useWays(queue?: Queue, nextId?: number, previousId?: number): Ways {
  const navigate = useNavigate();
  const along = useLatest(queue);
  const go = useCallback(
    (id: number) =>
      player.get().slot
        ? void navigate({ to: "/watch/$id", params: { id: String(id) }, state: { queue: along.current } })
        : player.open(id, along.current),
    [navigate, along],
  );
  const next = useCallback(() => nextId !== undefined && void go(nextId), [go, nextId]);
  const previous = useCallback(() => previousId !== undefined && void go(previousId), [go, previousId]);
  return {
    next: nextId === undefined ? undefined : (next as () => void),
    previous: previousId === undefined ? undefined : (previous as () => void),
  };
}

/** Lays the wrapper over the slot, whatever moves it; both scroll with the same page. */
function useCover(wrapper: React.RefObject<HTMLElement | null>, slot: HTMLElement | null) {
  useLayoutEffect(() => {
    const own = wrapper.current;
    if (!own || !slot) return;
    const page = own.offsetParent ?? document.body;
    const lay = () => {
      const [at, origin] = [slot.getBoundingClientRect(), page.getBoundingClientRect()];
      own.style.left = `${at.left - origin.left + page.scrollLeft}px`;
      own.style.top = `${at.top - origin.top + page.scrollTop}px`;
      own.style.width = `${at.width}px`;
      own.style.height = `${at.height}px`;
    };
    const watcher = new ResizeObserver(lay);
    watcher.observe(slot);
    watcher.observe(page);
    // The bar of a server that does not answer lies above the slot and moves it.
    for (const child of page.children) if (child !== own) watcher.observe(child);
    lay();
    return () => {
      watcher.disconnect();
      for (const name of ["left", "top", "width", "height"]) own.style.removeProperty(name);
    };
  }, [wrapper, slot]);
}

/** A new item is a new source of the same element, and it plays. */
function useSource(media: HTMLVideoElement | null, { id }: Item) {
  useEffect(() => {
    if (!media) return;
    media.src = `/media/${id}`;
    media.playbackRate = remembered().rate;
    // Without a click before (a page opened by its address) a browser may refuse: then the button stays.
    media.play().catch(() => {});
  }, [media, id]);
  useEffect(
    () => () => {
      // Closed: nothing is downloaded, and no sound continues.
      media?.pause();
      media?.removeAttribute("src");
      media?.load();
    },
    [media],
  );
}

/** Speed and volume are those of the item before, and of the visit before. */
function useRemembered(media: HTMLVideoElement | null) {
  useEffect(() => {
    if (!media) return;
    const { rate, volume, muted } = remembered();
    Object.assign(media, { volume, muted, defaultPlaybackRate: rate, playbackRate: rate });
    const loud = () => remember({ volume: media.volume, muted: media.muted });
    const fast = () => {
      media.defaultPlaybackRate = media.playbackRate; // a new source begins with it
      remember({ rate: media.playbackRate });
    };
    media.addEventListener("volumechange", loud);
    media.addEventListener("ratechange", fast);
    return () => {
      media.removeEventListener("volumechange", loud);
      media.removeEventListener("ratechange", fast);
    };
  }, [media]);
}

/** Pauses at the time that the user chose, on whatever page that is. */
function useSleep(media: HTMLVideoElement | null) {
  const at = usePlayer((state) => state.sleep?.at);
  useEffect(() => {
    if (at === undefined) return;
    const wait = setTimeout(() => {
      media?.pause();
      player.sleepAfter(0);
    }, at - Date.now());
    return () => clearTimeout(wait);
  }, [at, media]);
}

const REST = 2500; // ms without a move of the pointer, after which the controls hide

/** Whether the pointer has rested over the player for a while. */
function useIdle(wrapper: React.RefObject<HTMLElement | null>) {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    const own = wrapper.current;
    if (!own) return;
    let wait: ReturnType<typeof setTimeout>;
    const moved = () => {
      setIdle(false);
      clearTimeout(wait);
      wait = setTimeout(() => setIdle(true), REST);
    };
    const kinds = ["pointermove", "pointerdown", "focusin", "keydown"] as const;
    for (const kind of kinds) own.addEventListener(kind, moved);
    moved();
    return () => {
      clearTimeout(wait);
      for (const kind of kinds) own.removeEventListener(kind, moved);
    };
  }, [wrapper]);
  return idle;
}
