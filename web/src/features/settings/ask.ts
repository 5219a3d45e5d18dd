import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type Answer, type PlainPath, read } from "@/api/client";
import { useFailure } from "@/components/failure";

/** A list of the settings: sessions, tokens, people. While `busy` says so, it is asked for each second. */
export function useListed<P extends PlainPath>(path: P, busy: (data: Answer<"GET", P>) => boolean = () => false) {
  return useQuery({
    queryKey: ["settings", path],
    queryFn: () => read(path),
    staleTime: 0, // what happened meanwhile, downloads with cookies, another browser, shows at once
    refetchInterval: ({ state }) => (state.data && busy(state.data) ? 1000 : false),
  });
}

/** Does something to a list and loads it again; a failure is said in a toast. Answers undefined where it failed. */
export function useAsk(path: PlainPath) {
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
