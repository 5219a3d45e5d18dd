/** What the page asks of the server, as hooks over the query cache. */
import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call } from "./client";
import { keys } from "./keys";
import { POLL, useLive } from "./live";
import type { Download, Folder, Item, Site, SourceList } from "./types";

/** Milliseconds between polls: only while the stream of events is away. */
const usePolling = () => (useLive() === false ? POLL : (false as const));

export const useSession = () =>
  useQuery({ queryKey: keys.session, queryFn: () => call("GET", "/api/session"), staleTime: 60_000 });

/** The number of unread notifications, which the stream of events keeps. */
export const useUnread = () =>
  useQuery({
    queryKey: keys.unread,
    queryFn: async () => (await call("GET", "/api/notifications", { query: { limit: 1 } })).unread,
    refetchInterval: usePolling(),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useDownloads = () =>
  useQuery({
    queryKey: keys.downloads,
    queryFn: async () => (await call("GET", "/api/downloads", { query: { limit: 200 } })).downloads as Download[],
    refetchInterval: usePolling(),
    staleTime: Number.POSITIVE_INFINITY,
  });

export function useSystem() {
  const polling = usePolling();
  const converting = !!useDownloads().data?.some(({ stage }) => stage === "convert");
  return useQuery({
    queryKey: keys.system,
    queryFn: () => call("GET", "/api/system"),
    // Free space changes without anybody telling us; what a conversion takes changes all the time.
    refetchInterval: converting ? POLL : polling ? POLL * 5 : 30_000,
  });
}

/** Who owns the media folder. The server looks through the whole store for it. */
export const useStore = (enabled: boolean) =>
  useQuery({
    queryKey: keys.store,
    queryFn: () => call("GET", "/api/store"),
    staleTime: 60_000,
    enabled,
  });

export const useFolders = () =>
  useQuery({
    queryKey: keys.folders,
    queryFn: async () => (await call("GET", "/api/folders")).folders as Folder[],
    staleTime: 30_000,
  });

export const SORTS = [
  "-created",
  "created",
  "-published",
  "published",
  "title",
  "-title",
  "-size",
  "size",
  "-duration",
  "duration",
] as const;
export type Sort = (typeof SORTS)[number];
export type Kind = "video" | "audio";
export type Filter = { kind?: Kind; unwatched?: boolean; site?: string };
export type Wanted = Filter & { channel?: string; folder?: string; q?: string; sort?: Sort };
const PAGE = 200;

export const useItems = ({ channel, folder, q, sort, kind, unwatched, site }: Wanted, enabled = true) =>
  useInfiniteQuery({
    enabled,
    queryKey: [...keys.items, { channel, folder, q, sort, kind, unwatched, site }],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/items", {
        signal,
        query: {
          channel,
          folder,
          deep: folder ? true : undefined,
          q: q || undefined,
          sort,
          kind,
          unwatched: unwatched || undefined,
          site,
          cursor: pageParam,
          limit: PAGE,
        },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });

/** The channels of the items, by name. */
export const useChannels = (enabled = true) =>
  useInfiniteQuery({
    enabled,
    queryKey: [...keys.items, "channels"],
    queryFn: ({ pageParam }) => call("GET", "/api/channels", { query: { cursor: pageParam, limit: PAGE } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const useChannel = (id: string, site?: string) =>
  useQuery({
    queryKey: [...keys.items, "channel", id, site],
    queryFn: () => call("GET", "/api/channels/{id}", { path: { id }, query: { site } }),
  });

/** Lists of a site, the last read first. */
export const useSourceLists = (enabled = true) =>
  useQuery({
    queryKey: [...keys.items, "lists"],
    queryFn: async () => (await call("GET", "/api/lists")).lists as SourceList[],
    enabled,
  });

/** One list of a site, with its entries in the order of the site. */
export const useSourceList = (id: number | undefined) =>
  useQuery({
    queryKey: [...keys.items, "lists", id],
    queryFn: () => call("GET", "/api/lists/{id}", { path: { id: id ?? 0 } }),
    enabled: id !== undefined,
  });

/** Where the items come from, the most frequent first. */
export const useSites = () =>
  useQuery({
    queryKey: [...keys.items, "sites"],
    queryFn: async () => (await call("GET", "/api/sites")).sites as Site[],
    staleTime: 60_000,
  });

export const useTrash = () =>
  useInfiniteQuery({
    queryKey: keys.trash,
    queryFn: ({ pageParam }) => call("GET", "/api/trash", { query: { cursor: pageParam, limit: PAGE } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });

export const rowsOf = (data?: InfiniteData<{ items: Item[] }>): Item[] =>
  data?.pages.flatMap((page) => page.items) ?? [];

/** One item. Not shared with the lists: their key begins alike, so a change of the library reloads it too. */
export const useItem = (id: number, enabled = true) =>
  useQuery({
    queryKey: [...keys.items, "one", id],
    queryFn: () => call("GET", "/api/items/{id}", { path: { id } }),
    enabled,
  });
