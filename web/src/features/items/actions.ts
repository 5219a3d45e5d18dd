import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import type { Item, Purged, Trashed } from "@/api/types";
import { useFailure } from "@/components/failure";
import { useMoveItems } from "@/components/move-items";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { bytes } from "@/lib/format";

/** What may be done to items. Each reloads what it changed; the trash can be undone from its toast. */
export function useItemActions() {
  const { t, locale } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const move = useMoveItems();
  const reload = () =>
    Promise.all(
      [keys.items, keys.folders, keys.trash, keys.system].map((queryKey) => cache.invalidateQueries({ queryKey })),
    );
  /** One after the other; stops at the first that fails, and says so. Answers what went well. */
  async function all<T>(ids: readonly number[], one: (id: number) => Promise<T>): Promise<T[]> {
    const done: T[] = [];
    try {
      for (const id of ids) done.push(await one(id));
    } catch (error) {
      fail(error);
    }
    void reload();
    return done;
  }
  const restore = (ids: readonly number[]) => all(ids, (id) => call<Item>("POST", `/api/items/${id}/restore`));

  return {
    move,
    async restore(ids: readonly number[]) {
      const back = await restore(ids);
      if (back.length) toast(t("trash.restored", { n: back.length }));
    },
    async trash(ids: readonly number[]) {
      const gone = await all(ids, async (id) => ({ id, ...(await call<Trashed>("DELETE", `/api/items/${id}`)) }));
      if (!gone.length) return;
      const frees = gone.reduce((sum, each) => sum + each.frees, 0);
      toast(t("lib.deleted", { n: gone.length }), {
        description: frees ? t("trash.frees", { v: bytes(frees, locale) }) : t("trash.shared"),
        action: { label: t("job.undo"), onClick: () => void restore(gone.map(({ id }) => id)) },
      });
    },
    rename: (id: number, title: string) => all([id], () => call<Item>("PATCH", `/api/items/${id}`, { title })),
    async copy(ids: readonly number[], folder: string) {
      const made = await all(ids, (item) => call<Item>("POST", "/api/items", { item, folder }));
      if (made.length) toast(t("lib.copied", { n: made.length, f: folder || t("lib.top") }));
    },
    /** No ids: everything that is in the trash. */
    async purge(ids?: readonly number[]) {
      try {
        const { purged } = await call<Purged>("DELETE", "/api/trash", ids ? { items: ids } : {});
        toast(t("trash.purged", { n: purged }));
      } catch (error) {
        fail(error);
      }
      await reload();
    },
  };
}

/** The browser saves the files, one after the other. */
export function saveFiles(ids: readonly number[]) {
  for (const id of ids) {
    const link = document.createElement("a");
    link.href = `/media/${id}?download=1`;
    link.download = "";
    link.click();
  }
}
