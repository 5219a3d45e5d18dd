import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { moveItems } from "@/api/several";
import type { Item } from "@/api/types";
import { useFailure } from "@/components/failure";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";

/** The name under which items are dragged: their ids as JSON. */
export const DRAGGED_ITEMS = "application/x-mediafetcher-items";

/** Moves items to a folder in one request, and back on request. */
export function useMoveItems() {
  const { t } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const reload = () => [keys.items, keys.folders].map((queryKey) => cache.invalidateQueries({ queryKey }));

  /** Where these are now, as the lists that are loaded have it: folder -> items. */
  function places(ids: readonly number[]): Map<string, number[]> {
    const wanted = new Set(ids);
    const found = new Map<string, number[]>();
    for (const [, data] of cache.getQueriesData<InfiniteData<{ items: Item[] }>>({ queryKey: keys.items }))
      for (const { id, folder } of data?.pages?.flatMap(({ items }) => items) ?? [])
        if (wanted.delete(id)) found.set(folder, [...(found.get(folder) ?? []), id]);
    return found;
  }

  return async function move(ids: readonly number[], folder: string) {
    const before = places(ids);
    try {
      const moved = await moveItems(ids, folder);
      const f = folder || t("lib.top");
      if (!moved) return void toast(t("lib.already", { f }));
      toast(t("lib.moved", { n: moved, f }), {
        action: {
          label: t("job.undo"),
          onClick: () =>
            void Promise.all([...before].map(([home, those]) => moveItems(those, home)))
              .catch(fail)
              .finally(reload),
        },
      });
    } catch (error) {
      fail(error);
    } finally {
      reload();
    }
  };
}
