import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import {
  ArrowDownUp,
  ChevronRight,
  FolderTree,
  Keyboard,
  LayoutGrid,
  List,
  Search,
  Share2,
  Tag,
  X,
} from "lucide-react";
import { useRef } from "react";
import { type Filter, type Kind, SORTS, type Sort, sitesQuery } from "@/api/queries";
import { showKeys } from "@/components/keys-store";
import { Button, buttonVariants } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { Tip } from "@/components/ui/tip";
import { type Key, useI18n } from "@/i18n";
import { integer } from "@/lib/format";
import { type Shortcut, useShortcuts } from "@/lib/shortcuts";
import { cn } from "@/lib/utils";
import { useSort } from "./sort";

const route = getRouteApi("/library");

type Props = {
  typed: string;
  onType: (words: string) => void;
  count: { n: number; more: boolean };
  onDrawer: () => void;
};

/** The current view, its count, search, sort, grid or list. */
export function Header({ typed, onType, count, onDrawer }: Props) {
  const { t, locale } = useI18n();
  const { folder, view, q, kind, unwatched, site, tag, since } = route.useSearch();
  const [sort, setSort] = useSort();
  const navigate = route.useNavigate();
  return (
    <header className="shrink-0 space-y-3 px-4 pb-3 pt-4 sm:px-8 sm:pt-6">
      <div className="flex items-center gap-3">
        <Button variant="outline" size="icon" className="md:hidden" aria-label={t("lib.folders")} onClick={onDrawer}>
          <FolderTree />
        </Button>
        <div className="min-w-0 flex-1">
          <Crumbs folder={folder} />
          <div className="flex items-baseline gap-2.5">
            <h1 className="truncate text-xl font-semibold tracking-tight">
              {folder?.split("/").at(-1) ?? t("lib.all")}
            </h1>
            <span className="num shrink-0 text-muted-foreground" aria-live="polite">
              {count.more ? `${integer(count.n, locale)}+` : t("lib.count", { n: count.n })}
            </span>
          </div>
        </div>
        {q && !folder && !kind && !unwatched && !site && !tag && !since && (
          <Tip label={t("share.search")} side="end">
            <Link
              to="/shares"
              search={{ q }}
              aria-label={t("share.search")}
              className={buttonVariants({ variant: "ghost", size: "icon" })}
            >
              <Share2 />
            </Link>
          </Tip>
        )}
        <Tip label={t("lib.shortcuts")} side="end">
          <Button
            variant="ghost"
            size="icon"
            className="max-md:hidden"
            aria-label={t("lib.shortcuts")}
            onClick={showKeys}
          >
            <Keyboard />
          </Button>
        </Tip>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox typed={typed} onType={onType} />
        <div className="base-ui-disable-scrollbar -mx-4 flex items-center gap-2 overflow-x-auto px-4 py-0.5 sm:mx-0 sm:flex-wrap sm:overflow-visible sm:px-0">
          <Filters />
          <Select<Sort>
            label={t("lib.sort")}
            icon={<ArrowDownUp />}
            value={sort}
            onChange={setSort}
            items={SORTS.map((value) => ({ value, label: t(`lib.sort.${value}`) }))}
          />
          <Segmented
            label={t("lib.view")}
            value={view ?? "grid"}
            onChange={(value) =>
              void navigate({ search: (s) => ({ ...s, view: value === "list" ? "list" : undefined }), replace: true })
            }
            items={[
              { value: "grid", label: t("lib.grid"), icon: <LayoutGrid /> },
              { value: "list", label: t("lib.list"), icon: <List /> },
            ]}
          />
        </div>
      </div>
    </header>
  );
}

const EVERY = "/"; // no site has this name, so it can stand for all of them
const ANY_TIME = "/"; // no age
const AGES = [7, 30, 365]; // days

/** Filters: kind, only unwatched, site, tag, time of publication. */
function Filters() {
  const { t } = useI18n();
  const { kind, unwatched, site, tag, since } = route.useSearch();
  const navigate = route.useNavigate();
  const sites = useQuery(sitesQuery).data ?? [];
  const set = (filter: Filter) => void navigate({ search: (before) => ({ ...before, ...filter }), replace: true });
  const names = sites.map((each) => each.site);
  if (site && !names.includes(site)) names.unshift(site);
  return (
    <>
      <Segmented<Kind | "all">
        label={t("lib.kind")}
        value={kind ?? "all"}
        onChange={(value) => set({ kind: value === "all" ? undefined : value })}
        items={(["all", "video", "audio"] as const).map((value) => ({ value, label: t(`lib.kind.${value}`) }))}
      />
      <Button
        variant="outline"
        aria-pressed={!!unwatched}
        className={cn("text-[0.8125rem] font-normal text-muted-foreground", unwatched && "bg-accent text-foreground")}
        onClick={() => set({ unwatched: unwatched ? undefined : true })}
      >
        {t("lib.unwatched")}
      </Button>
      {(names.length > 1 || site) && (
        <Select
          label={t("lib.site")}
          className="max-w-44 shrink-0"
          value={site ?? EVERY}
          onChange={(value) => set({ site: value === EVERY ? undefined : value })}
          items={[{ value: EVERY, label: t("lib.anySite") }, ...names.map((value) => ({ value, label: value }))]}
        />
      )}
      <Since value={since} onChange={(since) => set({ since })} />
      {tag && (
        <Button
          variant="outline"
          className="max-w-56 bg-accent text-[0.8125rem] font-normal"
          aria-label={t("lib.removeTag", { v: tag })}
          onClick={() => set({ tag: undefined })}
        >
          <Tag className="size-4" />
          <span className="truncate">{tag}</span>
          <X className="size-3.5" />
        </Button>
      )}
    </>
  );
}

/** Since when it was published. An address may name another age, or a day. */
function Since({ value, onChange }: { value?: string; onChange: (since?: string) => void }) {
  const { t } = useI18n();
  const ages = AGES.map((n) => ({ value: `${n}d`, label: t("lib.publishedDays", { n }) }));
  const own =
    value && !ages.some((age) => age.value === value) ? [{ value, label: t("lib.publishedSince", { v: value }) }] : [];
  return (
    <Select
      label={t("lib.published")}
      className="shrink-0"
      value={value ?? ANY_TIME}
      onChange={(since) => onChange(since === ANY_TIME ? undefined : since)}
      items={[{ value: ANY_TIME, label: t("lib.publishedAny") }, ...own, ...ages]}
    />
  );
}

function Crumbs({ folder }: { folder?: string }) {
  const { t } = useI18n();
  const parts = folder?.split("/").slice(0, -1) ?? [];
  if (!parts.length) return null;
  return (
    <nav aria-label={t("lib.folders")} className="flex items-center gap-1 truncate text-xs text-muted-foreground">
      {parts.map((name, i) => {
        const path = parts.slice(0, i + 1).join("/");
        return (
          <Link
            key={path}
            to="/library"
            search={{ folder: path }}
            className="flex items-center gap-1 hover:text-foreground"
          >
            {name}
            <ChevronRight className="size-3" />
          </Link>
        );
      })}
    </nav>
  );
}

function SearchBox({ typed, onType }: { typed: string; onType: (words: string) => void }) {
  const { t } = useI18n();
  const box = useRef<HTMLInputElement>(null);
  useShortcuts([
    { on: ["/"], shown: "/", label: "lib.search", run: () => box.current?.select() },
  ] satisfies Shortcut<Key>[]);
  return (
    <div className="relative min-w-0 flex-1 basis-64 sm:max-w-md">
      <Search className="pointer-events-none absolute left-3 top-2.5 size-4 text-muted-foreground" />
      <input
        ref={box}
        type="search"
        value={typed}
        onChange={(event) => onType(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            onType("");
            event.currentTarget.blur();
          }
          if (event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>('[role="gridcell"][tabindex="0"]')?.focus();
          }
        }}
        placeholder={t("lib.search")}
        aria-label={t("lib.search")}
        className="h-9 w-full rounded-md border border-input bg-transparent pl-9 pr-9 outline-none placeholder:text-muted-foreground focus-visible:border-ring focus-visible:ring-2 focus-visible:ring-ring/40 [&::-webkit-search-cancel-button]:hidden"
      />
      <Kbd className="absolute right-2 top-2 max-md:hidden">/</Kbd>
    </div>
  );
}
