import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import { copyItems } from "@/api/several";
import { useFailure } from "@/components/failure";
import { useMoveItems } from "@/components/move-items";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";

/** What may be done to items, beside removing them. Each is one request, and reloads what it changed. */
export function useItemActions() {
  const { t } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const move = useMoveItems();
  const attempt = (doing: () => Promise<unknown>) =>
    void doing()
      .catch(fail)
      .finally(() => {
        for (const queryKey of [keys.items, keys.folders, keys.trash, keys.system])
          void cache.invalidateQueries({ queryKey });
      });

  return {
    move,
    rename: (id: number, title: string) =>
      attempt(() => call("PATCH", "/api/items/{id}", { path: { id }, body: { title } })),
    copy: (ids: readonly number[], folder: string) =>
      attempt(async () => {
        const made = await copyItems(ids, folder);
        const f = folder || t("lib.top");
        toast(made ? t("lib.copied", { n: made, f }) : t("lib.already", { f }));
      }),
    /** No ids: everything that is in the trash. */
    purge: (ids?: readonly number[]) =>
      attempt(async () => {
        const { purged } = await call("DELETE", "/api/trash", { body: ids ? { items: ids } : {} });
        toast(t("trash.purged", { n: purged }));
      }),
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
