import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import type { SomeSettings } from "@/api/types";
import { useFailure } from "@/components/failure";
import { toast } from "@/components/ui/toast";
import { type Key, useI18n } from "@/i18n";
import { en } from "@/i18n/en";

const PATH = "/api/settings";
const KEY = ["settings", PATH];

/** The settings of the server that the page can show and change; a limit that is null is off. */
export type Server = { [Name in keyof SomeSettings]-?: NonNullable<SomeSettings[Name]> | Unlimited<Name> } & {
  /** What the environment or a flag of the server decides: nobody changes it here. */
  pinned: string[];
};
type Unlimited<Name> = Name extends "rate_limit" | "proxy" ? null : never;
type Numbers = { [Name in keyof Server]: Server[Name] extends number ? Name : never }[keyof Server];

/** The settings of the server, and how to change them; a failure is said in a toast. */
export function useServer(enabled = true) {
  const { t } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const { data } = useQuery({ queryKey: KEY, queryFn: async () => (await call("GET", PATH)) as Server, enabled });
  async function change(some: SomeSettings): Promise<boolean> {
    try {
      cache.setQueryData(KEY, (await call("PATCH", PATH, { body: some })) as Server);
      toast(t("set.saved"));
      return true;
    } catch (error) {
      fail(error);
      void cache.invalidateQueries({ queryKey: KEY });
      return false;
    }
  }
  /** What a setting is called, and its hint. */
  function words(name: keyof SomeSettings) {
    const hint = `setting.${name}.hint`;
    return { label: t(`setting.${name}`), hint: hint in en ? t(hint as Key) : undefined };
  }
  /** A number of them, as its field needs it. */
  const number = (server: Server, name: Numbers) => ({
    ...words(name),
    value: server[name],
    locked: server.pinned.includes(name),
    onSave: (value: number | null) => change({ [name]: value }),
  });
  return { server: data, change, number, words };
}
