import { queryOptions } from "@tanstack/react-query";
import { call, type PlainPath, read } from "@/api/client";
import type { SomeSettings } from "@/api/types";

/** Milliseconds between two requests while something on the list is under way. */
export const BUSY = 1000;

/** A list of the settings: sessions, tokens, users. It is loaded each time it is shown: others change it too. */
export const listedQuery = <P extends PlainPath>(path: P) =>
  queryOptions({ queryKey: ["settings", path], queryFn: () => read(path), staleTime: 0 });

/** The exported trees. Others make and change them too. */
export const treesQuery = listedQuery("/api/export/trees");

/** The settings of the server that the page can show and change; a limit that is null is off. */
export type Server = { [Name in keyof SomeSettings]-?: NonNullable<SomeSettings[Name]> | Unlimited<Name> } & {
  /** Settings fixed by the environment or a flag of the server: they cannot be changed here. */
  pinned: string[];
};
type Unlimited<Name> = Name extends "rate_limit" | "proxy" ? null : never;

export const serverQuery = queryOptions({
  queryKey: ["settings", "/api/settings"],
  queryFn: async () => (await call("GET", "/api/settings")) as Server,
});
