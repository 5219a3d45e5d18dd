import { useMutation, useQuery } from "@tanstack/react-query";
import type { SomeSettings } from "@/api/types";
import { toast } from "@/components/ui/toast";
import { type Key, useI18n } from "@/i18n";
import { en } from "@/i18n/en";
import { changeServer } from "./mutations";
import { type Server, serverQuery } from "./queries";

type Numbers = { [Name in keyof Server]: Server[Name] extends number ? Name : never }[keyof Server];

/** The settings of the server, and how to change them. */
export function useServer(enabled = true) {
  const { t } = useI18n();
  const { data } = useQuery({ ...serverQuery, enabled });
  const { mutateAsync } = useMutation(changeServer);
  /** Returns: whether the server accepts it. */
  const change = (some: SomeSettings): Promise<boolean> =>
    mutateAsync(some).then(
      () => {
        toast(t("set.saved"));
        return true;
      },
      () => false,
    );
  /** The label of a setting, and its hint. */
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
