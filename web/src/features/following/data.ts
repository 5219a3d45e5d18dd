/** Subscriptions as queries, and what may be done with one. */
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import { POLL, useLive } from "@/api/live";
import type { ChangedSubscription, NewSubscription, Subscription } from "@/api/types";
import { useFailure } from "@/components/failure";

export const PATH = "/api/subscriptions";
const PAGE = 100; // entries

/** Milliseconds between polls: only while the stream of events is unavailable. */
const usePolling = () => (useLive() === false ? POLL * 5 : (false as const));

export const useSubscriptions = () =>
  useQuery({
    queryKey: [...keys.subscriptions, "all"],
    queryFn: async () => (await call("GET", PATH)).subscriptions as Subscription[],
    refetchInterval: usePolling(),
  });

export const useSubscription = (id: number) =>
  useQuery({
    queryKey: [...keys.subscriptions, id],
    queryFn: () => call("GET", "/api/subscriptions/{id}", { path: { id } }),
    refetchInterval: usePolling(),
    retry: false,
  });

export const useEntries = (id: number, decision: string | undefined, q: string) =>
  useInfiniteQuery({
    queryKey: [...keys.subscriptions, id, "entries", { decision, q }],
    queryFn: ({ pageParam }) =>
      call("GET", "/api/subscriptions/{id}/entries", {
        path: { id },
        query: { decision, q: q || undefined, cursor: pageParam, limit: PAGE },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: usePolling(),
  });

/** What may be done with subscriptions. Each answers the subscription, or undefined if it failed, which is said. */
export function useVerbs() {
  const cache = useQueryClient();
  const fail = useFailure();
  async function attempt<T>(doing: Promise<T>): Promise<T | undefined> {
    try {
      return await doing;
    } catch (error) {
      fail(error);
    } finally {
      void cache.invalidateQueries({ queryKey: keys.subscriptions });
    }
  }
  return {
    follow: (wanted: NewSubscription) => call("POST", PATH, { body: wanted }),
    checkAll: () => attempt(call("POST", "/api/subscriptions/check")),
    download: (id: number, entry: number) =>
      call("POST", "/api/subscriptions/{id}/entries/{entry}/download", { path: { id, entry } }),
    exported: () => attempt(call("GET", "/api/subscriptions/export")),
    check: (id: number) => attempt(call("POST", "/api/subscriptions/{id}/check", { path: { id } })),
    change: (id: number, changes: ChangedSubscription) =>
      call("PATCH", "/api/subscriptions/{id}", { path: { id }, body: changes }),
    move: (id: number, url: string) =>
      attempt(call("PATCH", "/api/subscriptions/{id}", { path: { id }, body: { url } })),
    pause: (id: number, paused: boolean) =>
      attempt(call("PATCH", "/api/subscriptions/{id}", { path: { id }, body: { paused } })),
    unfollow: (id: number) => attempt(call("DELETE", "/api/subscriptions/{id}", { path: { id } }).then(() => true)),
    reload: () => cache.invalidateQueries({ queryKey: keys.subscriptions }),
  };
}
