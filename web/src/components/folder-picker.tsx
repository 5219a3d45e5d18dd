import { useQuery } from "@tanstack/react-query";
import { FolderOpen, FolderPlus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { foldersQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogTitle } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { useI18n } from "@/i18n";

type Props = {
  title: string;
  onClose: () => void;
  onPick: (path: string) => void;
  /** Folders that make no sense as an answer. */
  without?: (path: string) => boolean;
};

/** "Move to…" for keyboard and touch: every folder, the top, or a new one. */
export default function FolderPicker({ title, onClose, onPick, without = () => false }: Props) {
  const { t } = useI18n();
  const folders = (useQuery(foldersQuery).data ?? []).filter(({ path }) => !without(path));
  const [fresh, setFresh] = useState("");
  const pick = (path: string) => {
    setFresh("");
    onPick(path);
  };
  const make = (event: FormEvent) => {
    event.preventDefault();
    if (fresh.trim()) pick(fresh.trim());
  };
  const row =
    "flex h-9 w-full items-center gap-2.5 rounded-md px-2 text-left outline-none hover:bg-accent focus-visible:bg-accent";
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent closeLabel={t("common.close")}>
        <DialogTitle>{title}</DialogTitle>
        <ul className="-mx-2 max-h-80 overflow-y-auto" aria-label={t("lib.folders")}>
          <li>
            <button type="button" className={row} onClick={() => pick("")}>
              <FolderOpen className="size-4 shrink-0 text-muted-foreground" />
              {t("lib.top")}
            </button>
          </li>
          {folders.map(({ id, path, name }) => (
            <li key={id} style={{ paddingLeft: path.split("/").length * 20 }}>
              <button type="button" className={row} onClick={() => pick(path)}>
                <FolderOpen className="size-4 shrink-0 text-muted-foreground" />
                <span className="truncate">{name}</span>
              </button>
            </li>
          ))}
        </ul>
        <form onSubmit={make} className="flex gap-2">
          <Input
            aria-label={t("lib.newFolder")}
            placeholder={t("add.newFolder")}
            value={fresh}
            onChange={(event) => setFresh(event.target.value)}
          />
          <Button type="submit" variant="outline" disabled={!fresh.trim()}>
            <FolderPlus />
            {t("lib.newFolder")}
          </Button>
        </form>
      </DialogContent>
    </Dialog>
  );
}
