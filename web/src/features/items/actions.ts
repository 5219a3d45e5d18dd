import { useMutation } from "@tanstack/react-query";
import { useMoveItems } from "@/components/move-items";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { copyItems, purgeItems, renameItem } from "./mutations";

/** Actions on items, except removal. Each is one request. */
export function useItemActions() {
  const { t } = useI18n();
  const renaming = useMutation(renameItem);
  const copying = useMutation({
    ...copyItems,
    onSuccess: (made, { folder }) => {
      const f = folder || t("lib.top");
      toast(made ? t("lib.copied", { n: made, f }) : t("lib.already", { f }));
    },
  });
  const purging = useMutation({
    ...purgeItems,
    onSuccess: ({ purged }) => toast(t("trash.purged", { n: purged })),
  });
  return {
    move: useMoveItems(),
    rename: (id: number, title: string) => renaming.mutate({ id, title }),
    copy: (ids: readonly number[], folder: string) => copying.mutate({ ids, folder }),
    /** No ids: everything that is in the trash. */
    purge: (ids?: readonly number[]) => purging.mutate(ids),
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
