/** Options of all queries, and hooks for those that are polled while the stream is disconnected. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useQuery,
} from "@tanstack/react-query";
import { call } from "./client";
import { loadDownloads } from "./downloads";
import { keys } from "./keys";
import { POLL, useLive } from "./live";
import { meaningOf } from "./several";
import type { Folder, Item, Preset, Site, SourceList } from "./types";

/** Milliseconds between polls: only while the stream of events is unavailable. */
const usePolling = () => (useLive() === false ? POLL : (false as const));

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: () => call("GET", "/api/session"),
  staleTime: 60_000,
});

/** The number of unread notifications, which the stream of events keeps. */
export const unreadQuery = queryOptions({
  queryKey: keys.unread,
  queryFn: async () => (await call("GET", "/api/notifications", { query: { limit: 1 } })).unread,
  staleTime: Number.POSITIVE_INFINITY,
});
export const useUnread = () => useQuery({ ...unreadQuery, refetchInterval: usePolling() });

export const downloadsQuery = queryOptions({
  queryKey: keys.downloads,
  queryFn: ({ signal }) => loadDownloads(signal),
  staleTime: Number.POSITIVE_INFINITY,
});
export const useDownloads = () => useQuery({ ...downloadsQuery, refetchInterval: usePolling() });

export const systemQuery = queryOptions({ queryKey: keys.system, queryFn: () => call("GET", "/api/system") });
export function useSystem() {
  const polling = usePolling();
  const converting = !!useDownloads().data?.some(({ stage }) => stage === "convert");
  // Free space changes without an event; what a conversion takes changes all the time.
  return useQuery({ ...systemQuery, refetchInterval: converting ? POLL : polling ? POLL * 5 : 30_000 });
}

/** Who owns the media folder. The server looks through the whole store for it. */
export const storeQuery = queryOptions({
  queryKey: keys.store,
  queryFn: () => call("GET", "/api/store"),
  staleTime: 60_000,
});

/** Files in the media folder that this installation does not know. */
export const unknownFilesQuery = infiniteQueryOptions({
  queryKey: [...keys.store, "files"],
  queryFn: ({ pageParam }) => call("GET", "/api/store/files", { query: { after: pageParam, limit: 50 } }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next ?? undefined,
});

const libraryTree = {
  queryKey: keys.folders,
  queryFn: () => call("GET", "/api/folders"),
  staleTime: 30_000,
};
export const foldersQuery = queryOptions({ ...libraryTree, select: ({ folders }) => folders as Folder[] });
/** How many items the user has, without the trash. */
export const itemCountQuery = queryOptions({ ...libraryTree, select: ({ items }) => items });

/** Named options for downloads. */
export const presetsQuery = queryOptions({
  queryKey: [...keys.subscriptions, "presets"],
  queryFn: async () => (await call("GET", "/api/presets")).presets as Preset[],
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
/** `since`: a day of publication, or an age such as "30d". */
export type Filter = { kind?: Kind; unwatched?: boolean; site?: string; tag?: string; since?: string };
export type Wanted = Filter & { channel?: string; folder?: string; q?: string; sort?: Sort };
const PAGE = 200;

export const itemsQuery = ({ channel, folder, q, sort, kind, unwatched, site, tag, since }: Wanted) =>
  infiniteQueryOptions({
    queryKey: [...keys.items, { channel, folder, q, sort, kind, unwatched, site, tag, since }],
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
          tag,
          since,
          cursor: pageParam,
          limit: PAGE,
        },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });

/** The channels of the items, by name. */
export const channelsQuery = infiniteQueryOptions({
  queryKey: [...keys.items, "channels"],
  queryFn: ({ pageParam, signal }) =>
    call("GET", "/api/channels", { signal, query: { cursor: pageParam, limit: PAGE } }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next ?? undefined,
});

export const channelQuery = (id: string, site?: string) =>
  queryOptions({
    queryKey: [...keys.items, "channel", id, site],
    queryFn: () => call("GET", "/api/channels/{id}", { path: { id }, query: { site } }),
  });

/** Lists of a site, the last read first. */
export const sourceListsQuery = queryOptions({
  queryKey: [...keys.items, "lists"],
  queryFn: async () => (await call("GET", "/api/lists")).lists as SourceList[],
});

/** One list of a site, with its entries in the order of the site. */
export const sourceListQuery = (id: number) =>
  queryOptions({
    queryKey: [...keys.items, "lists", id],
    queryFn: () => call("GET", "/api/lists/{id}", { path: { id } }),
  });

/** The first items that match what is typed. */
export const itemSearchQuery = (q: string, limit: number) =>
  queryOptions({
    queryKey: [...keys.items, "search", q, limit],
    queryFn: ({ signal }) => call("GET", "/api/items", { query: { q, limit }, signal }),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });

/** The rows of the start page. */
export const homeQuery = queryOptions({ queryKey: [...keys.items, "home"], queryFn: () => call("GET", "/api/home") });

/** The effect of removing these items for good, as of now. No ids: all that is in the trash. */
export const deletionQuery = (ids?: number[]) =>
  queryOptions({
    queryKey: [...keys.trash, "deletion", ids ?? "all"],
    queryFn: () => meaningOf(ids),
    gcTime: 0,
    staleTime: 0,
  });

/** The sites of the items, the most frequent first. */
export const sitesQuery = queryOptions({
  queryKey: [...keys.items, "sites"],
  queryFn: async () => (await call("GET", "/api/sites")).sites as Site[],
  staleTime: 60_000,
});

export const trashQuery = infiniteQueryOptions({
  queryKey: keys.trash,
  queryFn: ({ pageParam, signal }) => call("GET", "/api/trash", { signal, query: { cursor: pageParam, limit: PAGE } }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next ?? undefined,
});

export const rowsOf = (data?: InfiniteData<{ items: Item[] }>): Item[] =>
  data?.pages.flatMap((page) => page.items) ?? [];

/** One item. Not shared with the lists: their key begins alike, so a change of the library reloads it too. */
export const itemQuery = (id: number) =>
  queryOptions({
    queryKey: [...keys.items, "one", id],
    queryFn: () => call("GET", "/api/items/{id}", { path: { id } }),
  });
