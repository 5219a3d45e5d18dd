/**
 * One stream of server-sent events feeds the query cache. While it is down, queries are polled every `POLL` ms
 * (`useLive` says so to the page) and the stream is opened again, ever more slowly.
 */
import type { QueryClient } from "@tanstack/react-query";
import { skipToken, useQuery } from "@tanstack/react-query";
import { codeOf } from "./client";
import { pagesNotEnded } from "./downloads";
import { keys } from "./keys";
import * as reduce from "./reduce";
import type { Download, Event as Events } from "./types";

export const POLL = 2000;
const SAMPLES = 60; // one a second: the last minute
const SETTLE = 700; // many library events at once (a bulk move) become one reload

const LONG = 10; // pages

/** A list that was scrolled far: loading all of it again would take longer than it is worth. */
const isLong = (data: unknown) =>
  typeof data === "object" && data !== null && "pages" in data && (data.pages as unknown[]).length > LONG;

/** When the stream last told of a download, or of all of them; counted in things told. */
const told = { moments: 0, all: 0, of: new Map<number, number>() };

/**
 * To be called before a request for one download; what it returns puts the answer on the list. If the stream has
 * told of that download meanwhile, the answer is dropped: it may be the older of the two.
 */
export function answering(cache: QueryClient): (answer: Download) => void {
  const asked = told.moments;
  return (answer) => {
    if (Math.max(told.all, told.of.get(answer.id) ?? 0) > asked) return;
    cache.setQueryData<Download[]>(keys.downloads, (list) => list && reduce.put(list, answer));
  };
}

/** Starts listening; returns what stops it. */
export function listen(cache: QueryClient): () => void {
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let wait = 1000;
  let lost = false; // the stream was there, or was tried, and ended
  let rest = new AbortController();

  const downloads = (change: (list: Download[]) => Download[]) =>
    cache.setQueryData<Download[]>(keys.downloads, (list) => list && change(list));
  const sample = () => {
    const now = reduce.speed(cache.getQueryData<Download[]>(keys.downloads) ?? []);
    cache.setQueryData<number[]>(keys.speeds, (before = []) => [...before, now].slice(-SAMPLES));
  };
  /** Loads what the snapshot of this moment left out, page by page, until another one comes. */
  const loadRest = async (signal: AbortSignal) => {
    let asked = told.moments;
    for await (const rows of pagesNotEnded(signal)) {
      if (signal.aborted) return;
      const untold = rows.filter(({ id }) => (told.of.get(id) ?? 0) <= asked);
      downloads((list) => reduce.add(list, untold));
      asked = told.moments;
    }
  };
  const connected = (yes: boolean) => cache.setQueryData(keys.live, yes);
  const libraryChanged = () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      for (const queryKey of [keys.items, keys.folders, keys.trash, keys.subscriptions])
        void cache.invalidateQueries({ queryKey, predicate: (query) => !isLong(query.state.data) });
    }, SETTLE);
  };
  const handlers: { [Kind in keyof Events]: (data: Events[Kind]) => void } = {
    snapshot: (data) => {
      told.all = ++told.moments;
      told.of.clear();
      rest.abort();
      void cache.cancelQueries({ queryKey: keys.downloads }); // its answer may be older than the snapshot
      cache.setQueryData(
        keys.downloads,
        data.downloads.toSorted((a, b) => b.id - a.id),
      );
      cache.setQueryData(keys.system, data.system);
      void cache.invalidateQueries({ queryKey: keys.unread }); // it may have changed while the stream was disconnected
      connected(true);
      if (lost) {
        libraryChanged(); // the stream told nothing of the time without it
        void cache.invalidateQueries({ predicate: ({ state }) => codeOf(state.error) === "unreachable" });
      }
      lost = false;
      sample();
      wait = 1000;
      rest = new AbortController();
      if (data.more) void loadRest(rest.signal).catch(() => {}); // the next snapshot brings the rest
    },
    download: (data) => {
      told.of.set(data.id, ++told.moments);
      downloads((list) => reduce.put(list, data));
      // The composer may show the same link: it must say that it is in the library.
      if (data.state === "done") void cache.invalidateQueries({ queryKey: [...keys.preview, data.url] });
    },
    progress: (data) => void downloads((list) => reduce.progress(list, data)),
    gone: (data) => {
      told.of.set(data.id, ++told.moments);
      downloads((list) => reduce.remove(list, data.id));
    },
    library: libraryChanged,
    subscription: () => void cache.invalidateQueries({ queryKey: keys.subscriptions }),
    notification: ({ unread }) => {
      cache.setQueryData(keys.unread, unread);
      void cache.invalidateQueries({ queryKey: keys.notifications });
    },
    system: (data) => void cache.setQueryData(keys.system, data),
  };

  function open() {
    const stream = new EventSource("/api/events");
    source = stream;
    for (const [kind, handle] of Object.entries(handlers))
      stream.addEventListener(kind, (event) => (handle as (data: unknown) => void)(JSON.parse(event.data)));
    stream.onerror = () => {
      stream.close(); // the browser's own retry gives up for good after an HTTP error, so ours replaces it
      connected(false);
      lost = true;
      libraryChanged(); // also if no stream can be opened: then this is all that is told
      void cache.invalidateQueries({ queryKey: keys.session }); // signed out elsewhere?
      again = setTimeout(open, wait);
      wait = Math.min(wait * 2, 15_000);
    };
  }
  open();

  // A page that the browser keeps for "back" would keep its stream too, and a browser has six connections to a host.
  const left = () => {
    source?.close();
    clearTimeout(again);
  };
  const back = (event: PageTransitionEvent) => {
    if (!event.persisted) return;
    open();
    libraryChanged();
  };
  window.addEventListener("pagehide", left);
  window.addEventListener("pageshow", back);

  const sampling = setInterval(sample, 1000);

  return () => {
    rest.abort();
    window.removeEventListener("pagehide", left);
    window.removeEventListener("pageshow", back);
    left();
    clearTimeout(settling);
    clearInterval(sampling);
  };
}

/** Whether the stream is connected. `undefined` until the first answer. */
export function useLive(): boolean | undefined {
  return useQuery<boolean>({ queryKey: keys.live, queryFn: skipToken, staleTime: Number.POSITIVE_INFINITY }).data;
}

/** Bytes per second, one sample a second, oldest first. */
export function useSpeeds(): number[] {
  return (
    useQuery<number[]>({ queryKey: keys.speeds, queryFn: skipToken, staleTime: Number.POSITIVE_INFINITY }).data ?? []
  );
}
