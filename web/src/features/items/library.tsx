import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { foldersQuery, itemCountQuery, itemsQuery, rowsOf } from "@/api/queries";
import { useMarkWatched } from "@/components/mark-watched";
import { useRemoveItems } from "@/components/remove-items";
import { type Key, useI18n } from "@/i18n";
import { register } from "@/lib/load";
import { type Shortcut, useShortcuts } from "@/lib/shortcuts";
import { saveFiles, useItemActions } from "./actions";
import type { ItemVerb } from "./cell";
import { Drawer, type Folders } from "./drawer";
import { Grid } from "./grid";
import { Header } from "./header";
import { RenameDialog } from "./rename-dialog";
import { useSearchText } from "./search-text";
import { useSelection } from "./selection";
import { SelectionBar } from "./selection-bar";
import { DEFAULT_SORT, useSort } from "./sort";
import { Failure, Loading, Nothing } from "./states";

const FolderPicker = lazy(register(() => import("@/components/folder-picker")));
const route = getRouteApi("/library");

type Asked = { verb: "move" | "copy" | "rename"; ids: number[] };

/** `folders` draws the tree for the drawer of a phone. */
export function Library({ folders }: { folders: Folders }) {
  const { t } = useI18n();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { history } = useRouter();
  const { typed, setTyped, q } = useSearchText();
  const { folder, kind, unwatched, site, tag, since } = search;
  const [order] = useSort();
  const sort = order === DEFAULT_SORT ? undefined : order;
  const found = useInfiniteQuery(itemsQuery({ folder, q, sort, kind, unwatched, site, tag, since }));
  const items = useMemo(() => rowsOf(found.data), [found.data]);
  const filtered = !!(kind || unwatched || site || tag || since);
  const selection = useSelection(useMemo(() => items.map(({ id }) => id), [items]));
  const actions = useItemActions();
  const removal = useRemoveItems();
  const markWatched = useMarkWatched();
  const [asked, setAsked] = useState<Asked>();
  const [drawer, setDrawer] = useState(false);
  const { clear } = selection;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, another selection
  useEffect(clear, [folder, q, kind, unwatched, site, tag, since, clear]);
  useShortcuts([
    { on: ["Escape"], shown: "Esc", label: "lib.clear", run: () => (selection.selected.size ? clear() : false) },
  ] satisfies Shortcut<Key>[]);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  function act(verb: ItemVerb, ids: number[]) {
    if (verb === "open") {
      const wanted = { folder, q, sort, kind, unwatched, site, tag, since };
      const queue = { wanted, label: folder?.split("/").at(-1) ?? "", href: history.location.href };
      return void navigate({ to: "/watch/$id", params: { id: String(ids[0]) }, state: { queue } });
    }
    if (verb === "save") return saveFiles(ids);
    if (verb === "watched" || verb === "unwatched") {
      clear();
      return markWatched(ids, verb === "watched");
    }
    if (verb === "share") {
      const title = items.find(({ id }) => id === ids[0])?.title;
      return void navigate({ to: "/shares", search: { item: ids[0], title } });
    }
    if (verb === "trash") {
      clear();
      return removal.remove(ids);
    }
    setAsked({ verb, ids });
  }
  function pick(folder: string) {
    const { verb, ids } = asked as Asked;
    setAsked(undefined);
    clear();
    if (verb === "move") actions.move(ids, folder);
    else actions.copy(ids, folder);
  }
  const renamed = asked?.verb === "rename" ? items.find(({ id }) => id === asked.ids[0]) : undefined;

  return (
    <div className="flex h-full flex-col">
      <Header
        typed={typed}
        onType={setTyped}
        count={useCount(folder, !!q || filtered, items.length, hasNextPage)}
        onDrawer={() => setDrawer(true)}
      />
      {found.isPending ? (
        <Loading />
      ) : found.isLoadingError ? (
        <Failure error={found.error} again={() => void found.refetch()} />
      ) : items.length ? (
        <Grid
          key={[folder, sort, kind, unwatched, site, tag, since].join("·")}
          items={items}
          list={search.view === "list"}
          selection={selection}
          onVerb={act}
          onNearEnd={more}
        />
      ) : (
        <Nothing q={q} folder={folder} filtered={filtered} />
      )}
      {selection.selected.size > 0 && (
        <SelectionBar
          count={selection.selected.size}
          watched={items.every(({ id, watched }) => watched || !selection.selected.has(id))}
          onVerb={(verb) => act(verb, [...selection.selected])}
          onAll={selection.all}
          onClear={clear}
        />
      )}
      {removal.dialog}
      <Suspense>
        {(asked?.verb === "move" || asked?.verb === "copy") && (
          <FolderPicker
            title={t(asked.verb === "copy" ? "lib.copy" : "lib.move")}
            onClose={() => setAsked(undefined)}
            onPick={pick}
          />
        )}
      </Suspense>
      {renamed && (
        <RenameDialog
          title={renamed.title}
          onClose={() => setAsked(undefined)}
          onRename={(title) => actions.rename(renamed.id, title)}
        />
      )}
      <Drawer open={drawer} onOpen={setDrawer} folders={folders} />
    </div>
  );
}

/** How many there are, if that is known; else how many are loaded, with a plus if there are more. */
function useCount(
  folder: string | undefined,
  some: boolean,
  loaded: number,
  more: boolean,
): { n: number; more: boolean } {
  const found = useQuery(foldersQuery).data?.find(({ path }) => path === folder);
  const total = useQuery(itemCountQuery).data;
  if (some || !more) return { n: loaded, more };
  const known = folder === undefined ? total : found?.total;
  return known === undefined || known < loaded ? { n: loaded, more } : { n: known, more: false };
}
