import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import type { Folder } from "@/api/types";
import { useFailure } from "@/components/failure";
import { useMoveItems } from "@/components/move-items";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { isInside, joined, parentPath } from "./rows";

export function useFolderActions() {
  const { t } = useI18n();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const fail = useFailure();
  const moveItems = useMoveItems();
  const { folder: shown } = useSearch({ strict: false });
  const reload = () => Promise.all([keys.folders, keys.items].map((queryKey) => cache.invalidateQueries({ queryKey })));

  /** The address follows the folder that is shown. */
  const follow = (from: string, to: string | undefined) => {
    if (shown && isInside(shown, from))
      void navigate({ to: "/library", search: { folder: to && to + shown.slice(from.length) }, replace: true });
  };
  async function change(folder: Folder, path: string) {
    if (path === folder.path) return;
    try {
      const after = await call("PATCH", "/api/folders/{id}", { path: { id: folder.id }, body: { path } });
      follow(folder.path, after.path);
    } catch (error) {
      fail(error);
    }
    await reload();
  }
  return {
    async make(parent: string, name: string): Promise<Folder | undefined> {
      try {
        const made = await call("POST", "/api/folders", { body: { path: joined(parent, name) } });
        await reload();
        return made;
      } catch (error) {
        fail(error);
      }
    },
    rename: (folder: Folder, name: string) => change(folder, joined(parentPath(folder.path), name)),
    move: (folder: Folder, parent: string) => change(folder, joined(parent, folder.name)),
    async remove(folder: Folder) {
      try {
        const { trashed } = await call("DELETE", "/api/folders/{id}", { path: { id: folder.id } });
        follow(folder.path, undefined);
        toast(t("folder.gone", { f: folder.name }), {
          description: trashed ? t("lib.deleted", { n: trashed }) : undefined,
        });
      } catch (error) {
        fail(error);
      }
      await reload();
    },
    moveItems,
  };
}
