import {
  Download,
  EllipsisVertical,
  ExternalLink,
  FolderInput,
  FolderSymlink,
  Pencil,
  Play,
  SquareCheck,
  Trash2,
} from "lucide-react";
import { type DragEvent, type MouseEvent, memo } from "react";
import type { Item } from "@/api/types";
import { Meta, Thumb } from "@/components/media-card";
import { DRAGGED_ITEMS } from "@/components/move-items";
import {
  ContextMenu,
  ContextMenuContent,
  ContextMenuTrigger,
  MenuItem,
  MenuSeparator,
  Shortcut,
} from "@/components/ui/menu";
import { Checkbox } from "@/components/ui/misc";
import { type T, useI18n } from "@/i18n";
import { ago, bytes, clock } from "@/lib/format";
import { cn } from "@/lib/utils";

export type ItemVerb = "open" | "rename" | "move" | "copy" | "save" | "trash";

export type CellProps = {
  item: Item;
  index: number;
  column: number;
  list: boolean;
  selected: boolean;
  /** Something is selected: then a click selects too. */
  selecting: boolean;
  /** Reached by Tab; the others by the arrow keys. */
  tabStop: boolean;
  onSelect: (index: number, range: boolean) => void;
  onVerb: (verb: ItemVerb, id: number) => void;
  /** What is dragged with this one: the whole selection. */
  dragged: (id: number) => number[];
};

export const Cell = memo(function Cell(props: CellProps) {
  const { item, index, column, list, selected, selecting, tabStop, onSelect, onVerb, dragged } = props;
  const { t } = useI18n();
  const click = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || selecting) onSelect(index, event.shiftKey);
    else onVerb("open", item.id);
  };
  const menu = (event: MouseEvent) => {
    event.stopPropagation();
    const { clientX, clientY } = event;
    const bubbles = { bubbles: true, clientX, clientY };
    event.currentTarget.dispatchEvent(new globalThis.MouseEvent("contextmenu", { ...bubbles, cancelable: true }));
  };
  const check = (
    <Checkbox
      checked={selected}
      tabIndex={-1}
      aria-hidden
      onClick={(event) => {
        event.stopPropagation();
        event.preventDefault();
        onSelect(index, event.shiftKey);
      }}
      className={
        list
          ? "border-input bg-transparent"
          : cn(
              "absolute right-1.5 top-1.5 opacity-0 transition-opacity group-hover:opacity-100",
              (selected || selecting) && "opacity-100",
            )
      }
    />
  );
  return (
    <ContextMenu>
      <ContextMenuTrigger
        render={
          // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it hears the keys
          <div
            role="gridcell"
            aria-colindex={column + 1}
            aria-selected={selected}
            tabIndex={tabStop ? 0 : -1}
            data-index={index}
            data-item={item.id}
            onClick={click}
            draggable
            onDragStart={(event) => startDrag(event, dragged(item.id), t)}
            className={cn(
              "group relative min-w-0 rounded-xl outline-none hover:bg-accent/60 focus-visible:ring-2 focus-visible:ring-ring",
              list ? "flex h-14 items-center gap-3 px-2" : "p-2",
              selected && "bg-primary/12 hover:bg-primary/16",
            )}
          />
        }
      >
        {list ? <AsRow item={item} check={check} /> : <AsCard item={item} check={check} selected={selected} />}
        <span
          aria-hidden
          onClick={menu}
          className={cn(
            "grid size-8 place-items-center rounded-md text-muted-foreground hover:bg-accent hover:text-foreground [@media(hover:hover)]:opacity-0 [@media(hover:hover)]:group-hover:opacity-100",
            list ? "shrink-0" : "absolute bottom-1.5 right-0.5",
          )}
        >
          <EllipsisVertical className="size-4" />
        </span>
      </ContextMenuTrigger>
      <ItemMenu id={item.id} source={item.source_url} onVerb={onVerb} onSelect={() => onSelect(index, false)} />
    </ContextMenu>
  );
});

function AsCard({ item, check, selected }: { item: Item; check: React.ReactNode; selected: boolean }) {
  return (
    <>
      <div className={cn("relative rounded-lg", selected && "ring-2 ring-primary")}>
        <Thumb item={item} />
        {check}
      </div>
      <p className="mb-0.5 mt-2 line-clamp-2 text-pretty break-words px-0.5 text-[0.8125rem] font-medium leading-snug">
        {item.title}
      </p>
      <div className="px-0.5 pr-7">
        <Meta item={item} />
      </div>
    </>
  );
}

function AsRow({ item, check }: { item: Item; check: React.ReactNode }) {
  const { locale } = useI18n();
  const cell = "num hidden text-right text-xs text-muted-foreground sm:block";
  return (
    <>
      {check}
      <Thumb item={item} className="w-[4.5rem] shrink-0 rounded [&_.num]:hidden" />
      <p className="min-w-0 flex-1 truncate font-medium">{item.title}</p>
      <span className="hidden w-36 truncate text-xs text-muted-foreground lg:block">{item.uploader ?? item.site}</span>
      <span className="num w-14 text-right text-xs text-muted-foreground">
        {item.duration !== null && clock(item.duration)}
      </span>
      <span className={cn(cell, "w-20")}>{bytes(item.media.size, locale)}</span>
      <span className={cn(cell, "w-24")}>{ago(item.created_at, locale)}</span>
    </>
  );
}

type MenuProps = { id: number; source: string | null; onVerb: CellProps["onVerb"]; onSelect: () => void };

function ItemMenu({ id, source, onVerb, onSelect }: MenuProps) {
  const { t } = useI18n();
  return (
    <ContextMenuContent>
      <MenuItem onClick={() => onVerb("open", id)}>
        <Play />
        {t("lib.play")}
        <Shortcut>↵</Shortcut>
      </MenuItem>
      <MenuItem onClick={onSelect}>
        <SquareCheck />
        {t("lib.select")}
        <Shortcut>X</Shortcut>
      </MenuItem>
      <MenuSeparator />
      <MenuItem onClick={() => onVerb("rename", id)}>
        <Pencil />
        {t("lib.rename")}
        <Shortcut>F2</Shortcut>
      </MenuItem>
      <MenuItem onClick={() => onVerb("move", id)}>
        <FolderInput />
        {t("lib.move")}
        <Shortcut>M</Shortcut>
      </MenuItem>
      <MenuItem onClick={() => onVerb("copy", id)}>
        <FolderSymlink />
        {t("lib.copy")}
        <Shortcut>C</Shortcut>
      </MenuItem>
      <MenuItem onClick={() => onVerb("save", id)}>
        <Download />
        {t("lib.download")}
      </MenuItem>
      {source && (
        <MenuItem onClick={() => void window.open(source, "_blank", "noopener,noreferrer")}>
          <ExternalLink />
          {t("play.source")}
        </MenuItem>
      )}
      <MenuSeparator />
      <MenuItem danger onClick={() => onVerb("trash", id)}>
        <Trash2 />
        {t("lib.delete")}
        <Shortcut>Del</Shortcut>
      </MenuItem>
    </ContextMenuContent>
  );
}

function startDrag(event: DragEvent, ids: number[], t: T) {
  event.dataTransfer.setData(DRAGGED_ITEMS, JSON.stringify(ids));
  event.dataTransfer.effectAllowed = "move";
  const ghost = document.createElement("div");
  ghost.textContent = t("lib.count", { n: ids.length });
  ghost.className = "fixed -top-20 rounded-md bg-primary px-3 py-1.5 text-sm font-medium text-primary-foreground";
  document.body.append(ghost);
  event.dataTransfer.setDragImage(ghost, 12, 12);
  setTimeout(() => ghost.remove()); // the browser has taken its picture by then
}
