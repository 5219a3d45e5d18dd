/** Subscriptions, their entries and presets as queries. */
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import { POLL, useLive } from "@/api/live";
import type { NewSubscription, Retention, Subscription } from "@/api/types";

const PAGE = 100; // entries

/** Milliseconds between polls: only while the stream of events is unavailable. */
const usePolling = () => (useLive() === false ? POLL * 5 : (false as const));

export const subscriptionsQuery = queryOptions({
  queryKey: [...keys.subscriptions, "all"],
  queryFn: async () => (await call("GET", "/api/subscriptions")).subscriptions as Subscription[],
});
export const useSubscriptions = () => useQuery({ ...subscriptionsQuery, refetchInterval: usePolling() });

export const subscriptionQuery = (id: number) =>
  queryOptions({
    queryKey: [...keys.subscriptions, id],
    queryFn: () => call("GET", "/api/subscriptions/{id}", { path: { id } }),
    retry: false,
  });
export const useSubscription = (id: number) => useQuery({ ...subscriptionQuery(id), refetchInterval: usePolling() });

export const entriesQuery = (id: number, decision: string | undefined, q: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.subscriptions, id, "entries", { decision, q }],
    queryFn: ({ pageParam, signal }) =>
      call("GET", "/api/subscriptions/{id}/entries", {
        signal,
        path: { id },
        query: { decision, q: q || undefined, cursor: pageParam, limit: PAGE },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
  });
export const useEntries = (id: number, decision: string | undefined, q: string) =>
  useInfiniteQuery({ ...entriesQuery(id, decision, q), refetchInterval: usePolling() });

/** Dry run of a list: the decisions and their reasons. The server may have to ask the site. */
export const dryRunQuery = (wanted: NewSubscription) =>
  queryOptions({
    queryKey: [...keys.preview, "follow", wanted],
    queryFn: ({ signal }) => call("POST", "/api/subscriptions/preview", { body: wanted, signal }),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: 60_000,
    retry: false,
  });

/** Dry run of rules: the items that they would put into the trash now. */
export const removalQuery = (id: number, retention: Retention) =>
  queryOptions({
    queryKey: [...keys.items, "retention", id, retention],
    queryFn: ({ signal }) =>
      call("POST", "/api/subscriptions/{id}/retention", { path: { id }, body: { retention }, signal }),
    staleTime: 0,
  });
