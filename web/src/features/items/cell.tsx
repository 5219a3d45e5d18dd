import { Check, EllipsisVertical } from "lucide-react";
import { type DragEvent, type MouseEvent, memo } from "react";
import type { Item } from "@/api/types";
import { Meta, Thumb } from "@/components/media-card";
import { DRAGGED_ITEMS } from "@/components/move-items";
import { type T, useI18n } from "@/i18n";
import { ago, bytes, clock } from "@/lib/format";
import { cn } from "@/lib/utils";

export type ItemVerb = "open" | "rename" | "move" | "copy" | "save" | "share" | "watched" | "unwatched" | "trash";

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
  onOpen: (id: number) => void;
  onMenu: (event: MouseEvent, index: number) => void;
  /** The items that are dragged with this one: the whole selection. */
  dragged: (id: number) => number[];
};

export const Cell = memo(function Cell(props: CellProps) {
  const { item, index, column, list, selected, selecting, tabStop, onSelect, onOpen, onMenu, dragged } = props;
  const { t } = useI18n();
  const click = (event: MouseEvent) => {
    event.preventDefault(); // of the link inside
    if (event.ctrlKey || event.metaKey || event.shiftKey || selecting) onSelect(index, event.shiftKey);
    else onOpen(item.id);
  };
  const check = (
    <Mark list={list} selected={selected} selecting={selecting} onSelect={(range) => onSelect(index, range)} />
  );
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it hears the keys
    <div
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={selected}
      tabIndex={tabStop ? 0 : -1}
      data-index={index}
      data-item={item.id}
      onClick={click}
      onContextMenu={(event) => onMenu(event, index)}
      draggable
      onDragStart={(event) => startDrag(event, dragged(item.id), t)}
      className={cn(
        "group relative min-w-0 rounded-xl outline-none hover:bg-accent/60 focus-visible:ring-2 focus-visible:ring-ring",
        list ? "flex h-14 items-center gap-3 px-2" : "p-2",
        selected && "bg-primary/12 hover:bg-primary/16",
      )}
    >
      {list ? <AsRow item={item} check={check} /> : <AsCard item={item} check={check} selected={selected} />}
      <span
        aria-hidden
        data-more
        onClick={(event) => {
          event.stopPropagation();
          onMenu(event, index);
        }}
        className={cn(
          "grid size-8 place-items-center rounded-md text-muted-foreground hover:bg-accent hover:text-foreground [@media(hover:hover)]:opacity-0 [@media(hover:hover)]:group-hover:opacity-100",
          list ? "shrink-0" : "absolute bottom-1.5 right-0.5",
        )}
      >
        <EllipsisVertical className="size-4" />
      </span>
    </div>
  );
});

/** A real link: it can be copied, and opened in another tab. */
const hrefOf = (item: Item) => `/watch/${item.id}`;

type MarkProps = { list: boolean; selected: boolean; selecting: boolean; onSelect: (range: boolean) => void };

/** The box to select with the mouse; the keyboard has X and the space bar. */
function Mark({ list, selected, selecting, onSelect }: MarkProps) {
  return (
    <span
      aria-hidden
      data-mark
      onClick={(event) => {
        event.stopPropagation();
        onSelect(event.shiftKey);
      }}
      className={cn(
        "grid size-5 shrink-0 place-items-center rounded-md border-[1.5px] text-primary-foreground",
        list
          ? "border-input"
          : "absolute right-1.5 top-1.5 border-white/80 bg-black/45 opacity-0 group-hover:opacity-100",
        (selected || selecting) && "opacity-100",
        selected && "border-primary bg-primary",
      )}
    >
      {selected && <Check className="size-3.5" strokeWidth={3} />}
    </span>
  );
}

function AsCard({ item, check, selected }: { item: Item; check: React.ReactNode; selected: boolean }) {
  return (
    <>
      <div className={cn("relative rounded-lg", selected && "ring-2 ring-primary")}>
        {/* biome-ignore lint/a11y/useAnchorContent: the title below is the same link, with words */}
        <a href={hrefOf(item)} tabIndex={-1} aria-hidden draggable={false}>
          <Thumb item={item} />
        </a>
        {check}
      </div>
      <a
        href={hrefOf(item)}
        tabIndex={-1}
        draggable={false}
        dir="auto"
        className="mb-0.5 mt-2 line-clamp-2 text-left text-pretty break-words px-0.5 text-[0.8125rem] font-medium leading-snug"
      >
        {item.title}
      </a>
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
      <a
        href={hrefOf(item)}
        tabIndex={-1}
        draggable={false}
        dir="auto"
        className="min-w-0 flex-1 truncate text-left font-medium"
      >
        {item.title}
      </a>
      <span className="hidden w-36 truncate text-xs text-muted-foreground lg:block">{item.uploader ?? item.site}</span>
      <span className="num w-14 text-right text-xs text-muted-foreground">
        {item.duration !== null && clock(item.duration)}
      </span>
      <span className={cn(cell, "w-20")}>{bytes(item.media.size, locale)}</span>
      <span className={cn(cell, "w-24")}>{ago(item.created_at, locale)}</span>
    </>
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
