/** The queue of the player: the view that the item was opened from, in its order; else its own playlist or folder. */
import { type UseQueryResult, useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { itemQuery, itemsQuery, rowsOf, sourceListQuery } from "@/api/queries";
import type { Item, WholeList } from "@/api/types";
import { type Queue, usePlayer } from "@/components/player-store";

const AHEAD = 10; // items to have loaded beyond the one that plays
const MOST = 60; // pages to look for the item in
const MOST_OWN = 5; // pages, if the user chose no view
const NONE: never[] = [];

const itemsOf = (list: WholeList | undefined): Item[] => list?.content.flatMap(({ item }) => item ?? []) ?? NONE;

/** All of them or nothing yet: with a gap the wrong one would be next. */
const together = (found: UseQueryResult<Item>[]): Item[] =>
  found.some(({ isPending }) => isPending)
    ? NONE
    : found.flatMap(({ data }) => (data && data.trashed_at === null ? data : NONE));

/** The queue of an item that was opened from no view. */
function ownQueue({ list, folder }: Item): Queue {
  if (list) return { list: list.id, label: "", href: `/playlist/${list.id}` };
  const href = folder ? `/library?${new URLSearchParams({ folder })}` : "/library";
  return { wanted: { folder: folder || undefined }, label: folder.split("/").at(-1) ?? "", href };
}

export function useQueue(item: Item | undefined) {
  const chosen = usePlayer((state) => state.queue);
  const queue = chosen ?? (item && ownQueue(item));
  const list = useQuery({ ...sourceListQuery(queue?.list ?? 0), enabled: queue?.list !== undefined }).data;
  const few = useQueries({ queries: (queue?.ids ?? NONE).map((id) => itemQuery(id)), combine: together });
  const view = useInfiniteQuery({ ...itemsQuery(queue?.wanted ?? {}), enabled: queue?.wanted !== undefined });
  const rows = queue?.ids ? few : queue?.list !== undefined ? itemsOf(list) : rowsOf(view.data);
  const found = rows.findIndex(({ id }) => id === item?.id);
  // An item can drop out of its view while it plays (a view of unwatched items): its place is remembered.
  const [place, setPlace] = useState<{ id?: number; index: number }>({ index: -1 });
  if (found >= 0 && (place.id !== item?.id || place.index !== found)) setPlace({ id: item?.id, index: found });
  const dropped = found < 0 && place.id === item?.id && place.index >= 0;
  const pages = view.data?.pages.length ?? 0;
  const more =
    view.hasNextPage &&
    !view.isFetching &&
    pages < (chosen ? MOST : MOST_OWN) &&
    (found < 0 ? !dropped : rows.length - found <= AHEAD);
  const { fetchNextPage } = view;
  useEffect(() => {
    if (more) void fetchNextPage();
  }, [more, fetchNextPage]);
  const from = dropped ? place.index : found + 1; // the first one after it
  const following = dropped || found >= 0 ? rows.slice(from) : NONE; // what is not in its queue has nothing next
  return {
    /** With the name of the list, if that is known by now. */
    queue: queue && { ...queue, label: queue.label || list?.title || "" },
    following,
    next: following[0],
    previous: dropped ? rows[place.index - 1] : rows[found - 1],
  };
}
