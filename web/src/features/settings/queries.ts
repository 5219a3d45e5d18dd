import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, file, type PlainPath, read } from "@/api/client";
import { keys } from "@/api/keys";
import type { ExportNames, Recorded, SomeSettings } from "@/api/types";

/** Milliseconds between two requests while something on the list is under way. */
export const BUSY = 1000;

/** A list of the settings: sessions, tokens, users. It is loaded each time it is shown: others change it too. */
export const listedQuery = <P extends PlainPath>(path: P) =>
  queryOptions({ queryKey: [...keys.settings, path], queryFn: () => read(path), staleTime: 0 });

/** The exported trees. Others make and change them too. */
export const treesQuery = listedQuery("/api/export/trees");

/** The settings of the server that the page can show and change; a limit that is null is off. */
export type Server = { [Name in keyof SomeSettings]-?: NonNullable<SomeSettings[Name]> | Unlimited<Name> } & {
  /** Settings fixed by the environment or a flag of the server: they cannot be changed here. */
  pinned: string[];
};
type Unlimited<Name> = Name extends "rate_limit" | "proxy" ? null : never;

export const serverQuery = queryOptions({
  queryKey: [...keys.settings, "/api/settings"],
  queryFn: async () => (await call("GET", "/api/settings")) as Server,
});

/** The names that the newest items would have in an export. */
export const exportNamesQuery = (wanted: ExportNames) =>
  queryOptions({
    queryKey: [...keys.export, wanted],
    queryFn: ({ signal }) => call("POST", "/api/export/preview", { body: wanted, signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });

const TRAIL = { first: 10, more: 50 }; // events

/** The activity log, newest first; with `act` only these events. */
export const trailQuery = (act: Recorded["act"] | undefined) =>
  infiniteQueryOptions({
    queryKey: [...keys.settings, "/api/audit", act],
    queryFn: ({ pageParam }) =>
      call("GET", "/api/audit", { query: { act, cursor: pageParam, limit: pageParam ? TRAIL.more : TRAIL.first } }),
    initialPageParam: undefined as string | undefined,
    staleTime: 0,
    getNextPageParam: (last) => last.next ?? undefined,
  });

type Licence = { name: string; version: string; licence: string };

/** The packages that this page is made of. */
export const licencesQuery = queryOptions({
  queryKey: keys.licences,
  queryFn: () => file<Licence[]>("/licences.json"),
  staleTime: Number.POSITIVE_INFINITY,
});
