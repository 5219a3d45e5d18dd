import { ChevronRight, FolderIcon, FolderInput, FolderOpen, FolderPlus, Pencil, Trash2 } from "lucide-react";
import { type DragEvent, type KeyboardEvent, type ReactNode, useState } from "react";
import { DRAGGED_ITEMS } from "@/components/move-items";
import {
  ContextMenu,
  ContextMenuContent,
  ContextMenuTrigger,
  MenuItem,
  MenuSeparator,
  Shortcut,
} from "@/components/ui/menu";
import { useI18n } from "@/i18n";
import { integer } from "@/lib/format";
import { cn } from "@/lib/utils";
import type { TreeRow } from "./rows";

const DRAGGED_FOLDER = "application/x-mediafetcher-folder";

type Props = {
  row: TreeRow;
  current: boolean;
  open: boolean;
  tabStop: boolean;
  /** The input for a new name, in the place of the name. */
  editing?: ReactNode;
  onShow: () => void;
  onToggle: () => void;
  onFocus: () => void;
  onKey: (event: KeyboardEvent) => void;
  onDropItems: (ids: number[]) => void;
  onDropFolder: (id: number) => void;
  onMenu: (what: "rename" | "child" | "move" | "remove") => void;
};

export function FolderRow({ row, current, open, tabStop, editing, ...on }: Props) {
  const { t, locale } = useI18n();
  const [over, setOver] = useState(false);
  const Icon = current || (row.children > 0 && open) ? FolderOpen : FolderIcon;
  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    const items = event.dataTransfer.getData(DRAGGED_ITEMS);
    const folder = event.dataTransfer.getData(DRAGGED_FOLDER);
    if (items) on.onDropItems(JSON.parse(items));
    else if (folder) on.onDropFolder(Number(folder));
  }
  return (
    <ContextMenu>
      <ContextMenuTrigger
        render={
          <div
            role="treeitem"
            aria-level={row.level}
            aria-setsize={row.siblings}
            aria-posinset={row.position}
            aria-expanded={row.children ? open : undefined}
            aria-selected={current}
            tabIndex={tabStop ? 0 : -1}
            data-folder={row.id}
            onKeyDown={on.onKey}
            onFocus={on.onFocus}
            onClick={on.onShow}
            draggable={!editing}
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAGGED_FOLDER, String(row.id));
              event.dataTransfer.effectAllowed = "move";
            }}
            onDragOver={(event) => {
              if (![DRAGGED_ITEMS, DRAGGED_FOLDER].some((kind) => event.dataTransfer.types.includes(kind))) return;
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={drop}
            style={{ paddingLeft: 4 + (row.level - 1) * 16 }}
            className={cn(
              "flex h-8 items-center gap-1.5 rounded-md pr-2.5 text-[0.8125rem] text-muted-foreground hover:bg-accent hover:text-foreground",
              current && "bg-accent font-medium text-foreground",
              over && "bg-primary/15 text-foreground ring-1 ring-inset ring-primary",
            )}
          />
        }
      >
        <span
          aria-hidden
          onClick={(event) => {
            event.stopPropagation();
            on.onToggle();
          }}
          className={cn("grid size-5 place-items-center rounded", row.children ? "hover:bg-input" : "invisible")}
        >
          <ChevronRight className={cn("size-3.5 transition-transform", open && "rotate-90")} />
        </span>
        <Icon className="size-4 shrink-0" />
        {editing ?? (
          <>
            <span className="min-w-0 flex-1 truncate">{row.name}</span>
            <span className="num text-2xs">{integer(row.total, locale)}</span>
          </>
        )}
      </ContextMenuTrigger>
      <ContextMenuContent>
        <MenuItem onClick={() => on.onMenu("rename")}>
          <Pencil />
          {t("lib.rename")}
          <Shortcut>F2</Shortcut>
        </MenuItem>
        <MenuItem onClick={() => on.onMenu("child")}>
          <FolderPlus />
          {t("lib.newFolder")}
        </MenuItem>
        <MenuItem onClick={() => on.onMenu("move")}>
          <FolderInput />
          {t("lib.move")}
        </MenuItem>
        <MenuSeparator />
        <MenuItem danger onClick={() => on.onMenu("remove")}>
          <Trash2 />
          {t("folder.remove")}
          <Shortcut>Del</Shortcut>
        </MenuItem>
      </ContextMenuContent>
    </ContextMenu>
  );
}
