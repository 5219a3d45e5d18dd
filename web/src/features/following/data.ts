/** Subscriptions as queries, and what may be done with one. */
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, query } from "@/api/client";
import { keys } from "@/api/keys";
import { POLL, useLive } from "@/api/live";
import type {
  ChangedSubscription,
  Entries,
  subscriptions_Entry as Entry,
  ExportedList,
  NewSubscription,
  RequestedChecks,
  Subscription,
  Subscriptions,
} from "@/api/types";
import { useFailure } from "@/components/failure";

export const PATH = "/api/subscriptions";
const PAGE = 100; // entries

/** Milliseconds between polls: only while the stream of events is unavailable. */
const usePolling = () => (useLive() === false ? POLL * 5 : (false as const));

export const useSubscriptions = () =>
  useQuery({
    queryKey: [...keys.subscriptions, "all"],
    queryFn: async () => (await call<Subscriptions>("GET", PATH)).subscriptions as Subscription[],
    refetchInterval: usePolling(),
  });

export const useSubscription = (id: number) =>
  useQuery({
    queryKey: [...keys.subscriptions, id],
    queryFn: () => call<Subscription>("GET", `${PATH}/${id}`),
    refetchInterval: usePolling(),
    retry: false,
  });

export const useEntries = (id: number, decision: string | undefined, q: string) =>
  useInfiniteQuery({
    queryKey: [...keys.subscriptions, id, "entries", { decision, q }],
    queryFn: ({ pageParam }) =>
      call<Entries>(
        "GET",
        query(`${PATH}/${id}/entries`, { decision, q: q || undefined, cursor: pageParam, limit: PAGE }),
      ),
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
    follow: (wanted: NewSubscription) => call<Subscription>("POST", PATH, wanted),
    checkAll: () => attempt(call<RequestedChecks>("POST", `${PATH}/check`)),
    download: (id: number, entry: number) => call<Entry>("POST", `${PATH}/${id}/entries/${entry}/download`),
    exported: () => attempt(call<ExportedList>("GET", `${PATH}/export`)),
    check: (id: number) => attempt(call<Subscription>("POST", `${PATH}/${id}/check`)),
    change: (id: number, changes: ChangedSubscription) => call<Subscription>("PATCH", `${PATH}/${id}`, changes),
    pause: (id: number, paused: boolean) => attempt(call<Subscription>("PATCH", `${PATH}/${id}`, { paused })),
    unfollow: (id: number) => attempt(call("DELETE", `${PATH}/${id}`).then(() => true)),
    reload: () => cache.invalidateQueries({ queryKey: keys.subscriptions }),
  };
}
