/** Changes of items that the library requests of the server. */
import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { copyItems as copy } from "@/api/several";
import { meta } from "@/components/item-mutations";

export const renameItem = mutationOptions({
  mutationFn: ({ id, title }: { id: number; title: string }) =>
    call("PATCH", "/api/items/{id}", { path: { id }, body: { title } }),
  meta,
});

/** Returns: how many entries are new in the folder. */
export const copyItems = mutationOptions({
  mutationFn: ({ ids, folder }: { ids: readonly number[]; folder: string }) => copy(ids, folder),
  meta,
});

/** No ids: everything that is in the trash. */
export const purgeItems = mutationOptions({
  mutationFn: (ids: readonly number[] | undefined) => call("DELETE", "/api/trash", { body: ids ? { items: ids } : {} }),
  meta,
});
