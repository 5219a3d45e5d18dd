import { ChevronRight, EllipsisVertical, FolderIcon, FolderOpen } from "lucide-react";
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";
import { useI18n } from "@/i18n";
import { integer } from "@/lib/format";
import { cn } from "@/lib/utils";
import { DRAGGED_FOLDER, useDrop } from "./drop";
import type { TreeRow } from "./rows";

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
  onMenu: (event: MouseEvent) => void;
};

export function FolderRow({ row, current, open, tabStop, editing, ...on }: Props) {
  const { locale } = useI18n();
  const { over, handlers } = useDrop(on);
  const Icon = current || (row.children > 0 && open) ? FolderOpen : FolderIcon;
  return (
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
      onContextMenu={on.onMenu}
      draggable={!editing}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED_FOLDER, String(row.id));
        event.dataTransfer.effectAllowed = "move";
      }}
      {...handlers}
      style={{ paddingLeft: 4 + (row.level - 1) * 16 }}
      className={cn(
        "flex h-8 items-center gap-1.5 rounded-md pr-2.5 text-[0.8125rem] text-muted-foreground hover:bg-accent hover:text-foreground",
        current && "bg-accent font-medium text-foreground",
        over && "bg-primary/15 text-foreground ring-1 ring-inset ring-primary",
      )}
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
          <span
            aria-hidden
            onClick={(event) => {
              event.stopPropagation();
              on.onMenu(event);
            }}
            className="-mr-1.5 hidden size-7 place-items-center rounded-md hover:bg-input [@media(hover:none)]:grid"
          >
            <EllipsisVertical className="size-4" />
          </span>
        </>
      )}
    </div>
  );
}
