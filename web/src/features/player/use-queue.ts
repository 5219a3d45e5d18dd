/** The queue of the player: the view that the item was opened from, in its order; else the folder of the item. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { itemsQuery, rowsOf, sourceListQuery } from "@/api/queries";
import type { Item, WholeList } from "@/api/types";
import { usePlayer } from "@/components/player-store";

const AHEAD = 10; // items to have loaded beyond the one that plays
const MOST = 60; // pages to look for the item in

const itemsOf = (list: WholeList | undefined): Item[] => list?.content.flatMap(({ item }) => item ?? []) ?? [];

export function useQueue(item: Item | undefined) {
  const queue = usePlayer((state) => state.queue);
  const inList = queue?.list !== undefined;
  const list = useQuery({ ...sourceListQuery(queue?.list ?? 0), enabled: item !== undefined && inList }).data;
  const view = useInfiniteQuery({
    ...itemsQuery(queue?.wanted ?? { folder: item?.folder || undefined }),
    enabled: item !== undefined && !inList,
  });
  const rows = inList ? itemsOf(list) : rowsOf(view.data);
  const found = rows.findIndex(({ id }) => id === item?.id);
  // An item can drop out of its view while it plays (a view of unwatched items): its place is remembered.
  const [place, setPlace] = useState<{ id?: number; index: number }>({ index: -1 });
  if (found >= 0 && (place.id !== item?.id || place.index !== found)) setPlace({ id: item?.id, index: found });
  const dropped = found < 0 && place.id === item?.id && place.index >= 0;
  const pages = view.data?.pages.length ?? 0;
  const more =
    view.hasNextPage && !view.isFetching && pages < MOST && (found < 0 ? !dropped : rows.length - found <= AHEAD);
  const { fetchNextPage } = view;
  useEffect(() => {
    if (more) void fetchNextPage();
  }, [more, fetchNextPage]);
  const index = dropped ? place.index - 1 : found;
  const next = rows[index + 1];
  const previous = rows[dropped ? index : index - 1];
  return {
    rows,
    index: found,
    next: next?.id === item?.id ? undefined : next,
    previous: index > 0 || dropped ? previous : undefined,
    label: queue?.label ?? "",
    href: queue?.href,
  };
}
