import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Folder } from "@/api/types";
import { useMoveItems } from "@/components/move-items";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { changeFolder, makeFolder, removeFolder } from "./mutations";
import { isInside, joined, parentPath } from "./rows";

export function useFolderActions() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const moveItems = useMoveItems();
  const { folder: shown } = useSearch({ strict: false });
  /** The address follows the folder that is shown. */
  const follow = (from: string, to: string | undefined) => {
    if (shown && isInside(shown, from))
      void navigate({ to: "/library", search: { folder: to && to + shown.slice(from.length) }, replace: true });
  };
  const making = useMutation(makeFolder);
  const changing = useMutation({
    ...changeFolder,
    onSuccess: (after, { from }) => follow(from, after.path),
  });
  const removing = useMutation({
    ...removeFolder,
    onSuccess: ({ trashed }, { name, path }) => {
      follow(path, undefined);
      toast(t("folder.gone", { f: name }), { description: trashed ? t("lib.deleted", { n: trashed }) : undefined });
    },
  });
  const change = ({ id, path: from }: Folder, path: string) => path !== from && changing.mutate({ id, from, path });
  return {
    /** Returns: the folder, once the tree shows it; undefined after a failure. */
    make: (parent: string, name: string): Promise<Folder | undefined> =>
      making.mutateAsync(joined(parent, name)).catch(() => undefined),
    rename: (folder: Folder, name: string) => change(folder, joined(parentPath(folder.path), name)),
    move: (folder: Folder, parent: string) => change(folder, joined(parent, folder.name)),
    remove: (folder: Folder) => removing.mutate(folder),
    moveItems,
  };
}
