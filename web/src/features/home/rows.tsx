/** The rows of the start page: what was begun, what is new, what was not watched. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { LibraryBig } from "lucide-react";
import { useId } from "react";
import { codeOf } from "@/api/client";
import { POLL, useLive } from "@/api/live";
import { homeQuery } from "@/api/queries";
import type { Home, Item } from "@/api/types";
import { MediaCard } from "@/components/media-card";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { type Key, useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { Shelves } from "./shelves";

type RowName = Exclude<keyof Home, "shelves">;

const ROWS = [
  ["continue", "home.continue"],
  ["followed", "home.followed"],
  ["recent", "dash.recent"],
  ["unwatched", "lib.unwatched"],
] as const satisfies [RowName, Key][];

export function HomeRows() {
  const { t, explain } = useI18n();
  const live = useLive();
  const { data, error } = useQuery({ ...homeQuery, refetchInterval: live === false ? POLL * 5 : false });
  if (error && !data) return <p role="alert">{explain(codeOf(error)).what}.</p>;
  if (!data)
    return (
      <div role="status" aria-label={t("app.loading")} className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Skeleton className="aspect-video" />
        <Skeleton className="aspect-video" />
      </div>
    );
  if (ROWS.every(([row]) => !data[row].length))
    return (
      <Empty
        className="rounded-xl border border-dashed"
        icon={<LibraryBig />}
        title={t("lib.noItems")}
        body={t("lib.noItemsBody")}
      />
    );
  return (
    <>
      {ROWS.map(([row, label]) => (
        <Row key={row} row={row} label={label} items={data[row]} />
      ))}
      <Shelves shelves={data.shelves} />
    </>
  );
}

function Row({ row, label, items }: { row: RowName; label: Key; items: Item[] }) {
  const { t } = useI18n();
  const id = useId();
  if (!items.length) return null;
  const wide = row === "continue";
  const queue = { ids: items.map((item) => item.id), label: t("nav.home"), href: "/" };
  return (
    <section aria-labelledby={id}>
      <div className="mb-2 flex h-8 items-center px-1">
        <h2 id={id} className="font-semibold tracking-tight">
          {t(label)}
        </h2>
        {row === "followed" && (
          <Link to="/following" className="ml-auto text-[0.8125rem] font-medium text-primary-text hover:underline">
            {t("nav.following")}
          </Link>
        )}
        {row === "recent" && (
          <Link to="/library" className="ml-auto text-[0.8125rem] font-medium text-primary-text hover:underline">
            {t("dash.seeAll")}
          </Link>
        )}
      </div>
      <div
        className={cn(
          "base-ui-disable-scrollbar -mx-4 flex snap-x scroll-px-4 gap-x-4 overflow-x-auto px-4 pb-1 sm:mx-0 sm:grid sm:overflow-visible sm:px-0",
          wide ? "sm:grid-cols-3 xl:grid-cols-4" : "gap-y-5 sm:grid-cols-3 lg:grid-cols-4 xl:grid-cols-5",
        )}
      >
        {items.map((item) => (
          <div key={item.id} className="min-w-0 shrink-0 snap-start max-sm:w-[70vw]">
            <MediaCard item={item} queue={queue} />
          </div>
        ))}
      </div>
    </section>
  );
}
