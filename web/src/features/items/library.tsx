import { getRouteApi } from "@tanstack/react-router";
import { CircleAlert, FolderOpen, Search } from "lucide-react";
import {
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { codeOf } from "@/api/client";
import { rowsOf, useFolders, useItems, useSystem } from "@/api/queries";
import { useRemoveItems } from "@/components/remove-items";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogTitle } from "@/components/ui/dialog";
import { Empty, Skeleton } from "@/components/ui/misc";
import { useI18n } from "@/i18n";
import { saveFiles, useItemActions } from "./actions";
import type { ItemVerb } from "./cell";
import { Grid } from "./grid";
import { Header } from "./header";
import { KEYS } from "./keys";
import { RenameDialog } from "./rename-dialog";
import { useSelection } from "./selection";
import { SelectionBar } from "./selection-bar";

const KeysDialog = lazy(() => import("@/components/keys-dialog"));
const FolderPicker = lazy(() => import("@/components/folder-picker"));
const route = getRouteApi("/library");

/** `folders` draws the tree for the drawer of a phone. */
type Props = { folders: (current: string | undefined, close: () => void) => ReactNode };
type Asked = { verb: "move" | "copy" | "rename"; ids: number[] };

export function Library({ folders }: Props) {
  const { t } = useI18n();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(search.q ?? "");
  const said = useRef(search.q); // what we last put into the address
  const q = useDeferredValue(typed).trim();
  const { folder, sort, kind, unwatched, site } = search;
  const found = useItems({ folder, q, sort, kind, unwatched, site });
  const items = useMemo(() => rowsOf(found.data), [found.data]);
  const filtered = !!(kind || unwatched || site);
  const selection = useSelection(useMemo(() => items.map(({ id }) => id), [items]));
  const actions = useItemActions();
  const removal = useRemoveItems();
  const [asked, setAsked] = useState<Asked>();
  const [drawer, setDrawer] = useState(false);
  const [help, setHelp] = useState(false);
  const { clear } = selection;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, another selection
  useEffect(clear, [folder, q, kind, unwatched, site, clear]);
  useEffect(() => {
    if (q === (search.q ?? "")) return; // nothing to say: it would only get in the way of going elsewhere
    const wait = setTimeout(() => {
      said.current = q || undefined;
      void navigate({ search: (before) => ({ ...before, q: q || undefined }), replace: true });
    }, 300);
    return () => clearTimeout(wait);
  }, [q, search.q, navigate]);
  useEffect(() => {
    if (search.q === said.current) return; // our own words come back; others' (the back button) go into the box
    said.current = search.q;
    setTyped(search.q ?? "");
  }, [search.q]);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && /^(input|textarea)$/i.test(event.target.tagName)) return;
      if (event.key === "?") setHelp(true);
      if (event.key === "Escape") clear();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [clear]);

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  function act(verb: ItemVerb, ids: number[]) {
    if (verb === "open") return void navigate({ to: "/watch/$id", params: { id: String(ids[0]) } });
    if (verb === "save") return saveFiles(ids);
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
    if (verb === "move") void actions.move(ids, folder);
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
        onHelp={() => setHelp(true)}
      />
      {found.isPending ? (
        <Loading />
      ) : found.isError && !items.length ? (
        <Failure error={found.error} again={() => void found.refetch()} />
      ) : items.length ? (
        <Grid
          key={[folder, sort, kind, unwatched, site].join("·")}
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
      <Dialog open={drawer} onOpenChange={setDrawer}>
        <DialogContent
          closeLabel={t("common.close")}
          className="left-0 top-0 h-dvh w-72 translate-x-0 translate-y-0 content-start overflow-y-auto rounded-none border-y-0 border-l-0"
        >
          <DialogTitle>{t("nav.library")}</DialogTitle>
          <div className="-mx-2">
            <button
              type="button"
              onClick={() => {
                setDrawer(false);
                void navigate({ search: {} });
              }}
              className="flex h-9 w-full items-center px-2.5 text-left"
            >
              {t("lib.all")}
            </button>
            {folders(search.folder, () => setDrawer(false))}
          </div>
        </DialogContent>
      </Dialog>
      <Suspense>{help && <KeysDialog keys={KEYS} onClose={() => setHelp(false)} />}</Suspense>
    </div>
  );
}

/** How many there are, where that is known; else how many are loaded, with a plus where there are more. */
function useCount(
  folder: string | undefined,
  some: boolean,
  loaded: number,
  more: boolean,
): { n: number; more: boolean } {
  const found = useFolders().data?.find(({ path }) => path === folder);
  const total = useSystem().data?.library.items;
  if (some || !more) return { n: loaded, more };
  const known = folder === undefined ? total : found?.total;
  return known === undefined ? { n: loaded, more } : { n: Math.max(known, loaded), more: false };
}

function Nothing({ q, folder, filtered }: { q: string; folder?: string; filtered: boolean }) {
  const { t } = useI18n();
  const navigate = route.useNavigate();
  if (filtered)
    return (
      <Empty
        className="h-full"
        icon={<Search />}
        title={t("lib.filteredTitle")}
        body={t("lib.filteredBody")}
        action={
          <Button
            variant="outline"
            onClick={() =>
              void navigate({ search: (s) => ({ ...s, kind: undefined, unwatched: undefined, site: undefined }) })
            }
          >
            {t("lib.unfilter")}
          </Button>
        }
      />
    );
  if (!q)
    return (
      <Empty
        className="h-full"
        icon={<FolderOpen />}
        title={t(folder ? "lib.emptyTitle" : "lib.noItems")}
        body={t(folder ? "lib.emptyBody" : "lib.noItemsBody")}
        action={
          !folder && <Button onClick={() => void navigate({ to: "/", search: {} })}>{t("lib.firstDownload")}</Button>
        }
      />
    );
  return (
    <Empty
      className="h-full"
      icon={<Search />}
      title={t("lib.noneTitle", { q })}
      body={t("lib.noneBody")}
      action={
        folder && (
          <Button variant="outline" onClick={() => void navigate({ search: { q } })}>
            {t("lib.searchAll")}
          </Button>
        )
      }
    />
  );
}

function Loading() {
  const { t } = useI18n();
  return (
    <div
      role="status"
      aria-label={t("app.loading")}
      className="grid grid-cols-2 gap-4 px-4 pt-3 sm:px-8 md:grid-cols-4 xl:grid-cols-5"
    >
      {Array.from({ length: 10 }, (_, i) => i).map((i) => (
        <div key={i}>
          <Skeleton className="aspect-video rounded-lg" />
          <Skeleton className="mt-3 h-3.5 w-4/5" />
          <Skeleton className="mt-2 h-3 w-1/2" />
        </div>
      ))}
    </div>
  );
}

function Failure({ error, again }: { error: unknown; again: () => void }) {
  const { t, explain } = useI18n();
  const { what, fix } = explain(codeOf(error));
  return (
    <Empty
      className="h-full"
      icon={<CircleAlert />}
      title={t("lib.errorTitle")}
      body={`${what}. ${fix}`}
      action={
        <Button variant="outline" onClick={again}>
          {t("app.retry")}
        </Button>
      }
    />
  );
}
