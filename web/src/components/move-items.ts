import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import type { Item } from "@/api/types";
import { useFailure } from "@/components/failure";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";

/** The name under which items are dragged: their ids as JSON. */
export const DRAGGED_ITEMS = "application/x-mediafetcher-items";

/** Moves items to a folder, and back on request. */
export function useMoveItems() {
  const { t } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const reload = () => [keys.items, keys.folders].map((queryKey) => cache.invalidateQueries({ queryKey }));

  return async function move(ids: readonly number[], folder: string) {
    const before: Item[] = [];
    try {
      for (const id of ids) {
        const item = await call<Item>("GET", `/api/items/${id}`);
        await call<Item>("PATCH", `/api/items/${id}`, { folder });
        before.push(item);
      }
    } catch (error) {
      fail(error);
    }
    reload();
    if (!before.length) return;
    toast(t("lib.moved", { n: before.length, f: folder || t("lib.top") }), {
      action: {
        label: t("job.undo"),
        onClick: async () => {
          try {
            for (const item of before) await call<Item>("PATCH", `/api/items/${item.id}`, { folder: item.folder });
          } catch (error) {
            fail(error);
          }
          reload();
        },
      },
    });
  };
}
