import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Item } from "@/api/types";
import { placeOf, useMenu } from "@/components/menu-at";
import { useScrollPlace } from "@/components/scroll-place";
import { type Key, useI18n } from "@/i18n";
import { useLatest } from "@/lib/latest";
import { type Shortcut, useShortcuts } from "@/lib/shortcuts";
import { Cell, type ItemVerb } from "./cell";
import { choicesOf, KEY_OF } from "./choices";
import type { useSelection } from "./selection";

const CARD = 216; // px: the narrowest card
const UNDER = 72; // px below the poster: title, facts, gap
const LIST = 56; // px: a row of the list
const AHEAD = 24; // rows: so early the next page is asked for

type Props = {
  items: readonly Item[];
  list: boolean;
  selection: ReturnType<typeof useSelection>;
  onVerb: (verb: ItemVerb, ids: number[]) => void;
  /** The end is near: load the next page. */
  onNearEnd: () => void;
};

/** Only the rows in sight exist. Arrow keys walk, X and shift select, letters act. */
export function Grid({ items, list, selection, onVerb, onNearEnd }: Props) {
  const { t } = useI18n();
  const box = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [cursor, setCursor] = useState(0);
  const { selected, toggle } = selection;

  const pad = innerWidth < 640 ? 8 : 24; // as the header above, which goes by the screen too
  const columns = list ? 1 : Math.max(2, Math.floor((width - pad * 2) / CARD));
  const height = list ? LIST : Math.round((((width - pad * 2) / columns - 16) * 9) / 16 + 16 + UNDER);
  const rows = Math.ceil(items.length / columns);
  const virtual = useVirtualizer({
    count: width ? rows : 0,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 3,
    paddingStart: 4,
    paddingEnd: 96,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured again when the height of a row changes
  useLayoutEffect(() => virtual.measure(), [height, columns]);

  useScrollPlace(box, width > 0 && rows > 0, true);

  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows - AHEAD) onNearEnd();
  }, [last, rows, onNearEnd]);

  const latest = useLatest(selected);
  const subjects = useCallback((id: number) => (latest.current.has(id) ? [...latest.current] : [id]), [latest]);
  const select = useCallback(
    (index: number, range: boolean) => {
      setCursor(index);
      toggle(index, range);
    },
    [toggle],
  );
  const verb = useCallback((what: ItemVerb, id: number) => onVerb(what, subjects(id)), [onVerb, subjects]);

  const open = useCallback((id: number) => onVerb("open", [id]), [onVerb]);
  const { ask, menu } = useMenu();
  const shown = useLatest(items);
  const onMenu = useCallback(
    (event: MouseEvent, index: number) => {
      const item = shown.current[index];
      if (!item) return;
      event.preventDefault();
      setCursor(index);
      ask(
        placeOf(event),
        choicesOf(
          item,
          t,
          (what) => verb(what, item.id),
          () => select(index, false),
        ),
      );
    },
    [ask, t, verb, select, shown],
  );

  function walk(to: number, range: boolean) {
    const index = Math.max(0, Math.min(items.length - 1, to));
    setCursor(index);
    if (range) toggle(index, true);
    else selection.setAnchor(index);
    virtual.scrollToIndex(Math.floor(index / columns));
    // The row may only exist after the scroll was drawn.
    requestAnimationFrame(() =>
      requestAnimationFrame(() =>
        box.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true }),
      ),
    );
  }
  /** Walking is the grid's own; what acts is in the list of shortcuts. */
  function key(event: KeyboardEvent) {
    const steps: Record<string, number> = {
      ArrowDown: cursor + columns,
      ArrowUp: cursor - columns,
      Home: 0,
      End: items.length - 1,
      PageDown: cursor + columns * 4,
      PageUp: cursor - columns * 4,
      ...(!list && { ArrowRight: cursor + 1, ArrowLeft: cursor - 1 }),
    };
    const to = steps[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    walk(to, event.shiftKey);
  }
  function menuOfCursor() {
    const item = items[cursor];
    const place = box.current?.querySelector(`[data-index="${cursor}"]`);
    if (!item || !place) return;
    const mark = () => select(cursor, false);
    ask(
      place,
      choicesOf(item, t, (what) => verb(what, item.id), mark),
    );
  }
  const id = items[cursor]?.id;
  const act = (what: ItemVerb) => () => id !== undefined && verb(what, id);
  const alone = (what: ItemVerb) => () => id !== undefined && onVerb(what, [id]);
  const keys: Shortcut<Key>[] = [
    { on: ["Enter"], shown: KEY_OF.open, label: "lib.play", run: alone("open") },
    { on: ["x", " "], shown: KEY_OF.select, label: "lib.select", run: () => select(cursor, false) },
    { on: ["m"], shown: KEY_OF.move, label: "lib.move", run: act("move") },
    { on: ["c"], shown: KEY_OF.copy, label: "lib.copy", run: act("copy") },
    { on: ["d"], shown: KEY_OF.save, label: "lib.download", run: act("save") },
    { on: ["F2"], shown: KEY_OF.rename, label: "lib.rename", run: alone("rename") },
    { on: ["Delete"], shown: KEY_OF.trash, label: "lib.delete", run: act("trash") },
    { on: ["a"], ctrl: true, shown: "Ctrl+A", label: "lib.selectAll", run: selection.all },
    { on: ["ContextMenu"], shown: "", label: "job.more", run: menuOfCursor },
  ];
  useShortcuts(keys, { within: grid });
  return (
    <div ref={box} className="relative min-h-0 flex-1 overflow-y-auto [contain:strict] [overflow-anchor:none]">
      <div
        ref={grid}
        role="grid"
        aria-label={t("nav.library")}
        aria-multiselectable
        aria-rowcount={rows}
        aria-colcount={columns}
        onKeyDown={key}
        className="relative"
        style={{ height: virtual.getTotalSize() }}
      >
        {visible.map((row) => (
          <div
            key={row.key}
            role="row"
            aria-rowindex={row.index + 1}
            className="absolute top-0 grid items-start"
            style={{
              insetInline: pad,
              height,
              transform: `translateY(${row.start}px)`,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
              columnGap: list ? 0 : 4,
            }}
          >
            {items.slice(row.index * columns, (row.index + 1) * columns).map((item, column) => {
              const index = row.index * columns + column;
              return (
                <Cell
                  key={item.id}
                  item={item}
                  index={index}
                  column={column}
                  list={list}
                  selected={selected.has(item.id)}
                  selecting={selected.size > 0}
                  tabStop={index === Math.min(cursor, items.length - 1)}
                  onSelect={select}
                  onOpen={open}
                  onMenu={onMenu}
                  dragged={subjects}
                />
              );
            })}
          </div>
        ))}
      </div>
      {menu}
    </div>
  );
}

function useWidth(box: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
