/** Changes of items that several features request of the server. */
import { mutationOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { markWatched as mark, moveItems as move, restoreItems as restore, trashItems as trash } from "@/api/several";

/** Queries to reload after a change of items. */
export const meta = { invalidates: [keys.items, keys.folders, keys.trash, keys.system] };

/** Moves each group into its folder. Returns: how many are in a folder now that were not. */
export const moveItems = mutationOptions({
  mutationFn: async (groups: readonly { ids: readonly number[]; folder: string }[]) => {
    const counts = await Promise.all(groups.map(({ ids, folder }) => move(ids, folder)));
    return counts.reduce((sum, count) => sum + count, 0);
  },
  meta: { invalidates: [keys.items, keys.folders] },
});
export const trashItems = mutationOptions({ mutationFn: (ids: readonly number[]) => trash(ids), meta });
export const restoreItems = mutationOptions({ mutationFn: (ids: readonly number[]) => restore(ids), meta });
export const markWatched = mutationOptions({
  mutationFn: ({ ids, watched }: { ids: readonly number[]; watched: boolean }) => mark(ids, watched),
  meta: { invalidates: [keys.items] },
});
