import { type InfiniteData, type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { Item } from "@/api/types";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { moveItems } from "./item-mutations";

/** The name under which items are dragged: their ids as JSON. */
export const DRAGGED_ITEMS = "application/x-mediafetcher-items";

type Group = { ids: number[]; folder: string };

/** The folders of these items now, as the lists that are loaded have it. */
function groupsOf(cache: QueryClient, ids: readonly number[]): Group[] {
  const wanted = new Set(ids);
  const found = new Map<string, number[]>();
  for (const [, data] of cache.getQueriesData<InfiniteData<{ items: Item[] }>>({ queryKey: keys.items }))
    for (const { id, folder } of data?.pages?.flatMap(({ items }) => items) ?? [])
      if (wanted.delete(id)) found.set(folder, [...(found.get(folder) ?? []), id]);
  return [...found].map(([folder, ids]) => ({ folder, ids }));
}

/** Moves items to a folder in one request, and back on request. */
export function useMoveItems() {
  const { t } = useI18n();
  const cache = useQueryClient();
  const back = useMutation(moveItems);
  const moving = useMutation({
    ...moveItems,
    onMutate: ([{ ids } = { ids: [] }]) => groupsOf(cache, ids),
    onSuccess: (n, [{ folder } = { folder: "" }], before) => {
      const f = folder || t("lib.top");
      if (!n) return void toast(t("lib.already", { f }));
      toast(t("lib.moved", { n, f }), { action: { label: t("job.undo"), onClick: () => back.mutate(before) } });
    },
  });
  return (ids: readonly number[], folder: string) => moving.mutate([{ ids, folder }]);
}
