import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import { useFailure } from "@/components/failure";

/** A list of the settings: sessions, tokens, people. While `busy` says so, it is asked for each second. */
export function useListed<T>(path: string, busy: (data: T) => boolean = () => false) {
  return useQuery({
    queryKey: ["settings", path],
    queryFn: () => call<T>("GET", path),
    staleTime: 0, // what happened meanwhile, downloads with cookies, another browser, shows at once
    refetchInterval: ({ state }) => (state.data && busy(state.data) ? 1000 : false),
  });
}

/** Does something to a list and loads it again; a failure is said in a toast. Answers undefined where it failed. */
export function useAsk(path: string) {
  const cache = useQueryClient();
  const fail = useFailure();
  return async function ask<T>(doing: () => Promise<T>): Promise<T | undefined> {
    try {
      return await doing();
    } catch (error) {
      fail(error);
    } finally {
      void cache.invalidateQueries({ queryKey: ["settings", path] });
    }
  };
}
