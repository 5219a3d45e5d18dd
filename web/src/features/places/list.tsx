/** `/playlist/$id`: one playlist in the order of its site. Entries that are not in the library keep their position. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useRouter } from "@tanstack/react-router";
import { CircleDashed, Plus } from "lucide-react";
import { sourceListQuery } from "@/api/queries";
import type { WholeList } from "@/api/types";
import { askToAdd } from "@/components/add-store";
import { Thumb } from "@/components/media-card";
import type { Queue } from "@/components/player-store";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { ago, bytes, clock } from "@/lib/format";
import { Page, Pending } from "./page";
import { PlaceActions } from "./place-actions";

type Entry = WholeList["content"][number];

export function ListPage() {
  const { t, locale } = useI18n();
  const { history } = useRouter();
  const id = Number(useParams({ from: "/playlist/$id" }).id);
  const { data: list, error, refetch } = useQuery(sourceListQuery(id));
  if (!list)
    return (
      <Page title={t("add.playlist")}>
        <Pending error={error} again={() => void refetch()} />
      </Page>
    );
  const first = list.content.find(({ item }) => item)?.item;
  const queue = { list: list.id, label: list.title, href: history.location.href };
  return (
    <Page
      title={list.title}
      about={[
        list.site,
        t("places.have", { n: list.items, of: list.entries }),
        t("places.read", { v: ago(list.updated_at, locale) }),
      ].join(" · ")}
      actions={<PlaceActions first={first?.id} queue={queue} url={list.url} />}
    >
      <ol className="space-y-0.5">
        {list.content.map((entry) => (
          <li
            key={entry.position}
            className="flex items-center gap-3 rounded-lg p-1.5 hover:bg-accent/60 [contain-intrinsic-size:auto_4.75rem] [content-visibility:auto] sm:gap-4"
          >
            <span className="num w-7 shrink-0 text-right text-xs text-muted-foreground">{entry.position}</span>
            {entry.item ? <Here item={entry.item} queue={queue} /> : <Missing entry={entry} />}
          </li>
        ))}
      </ol>
    </Page>
  );
}

function Here({ item, queue }: { item: NonNullable<Entry["item"]>; queue: Queue }) {
  const { locale } = useI18n();
  return (
    <>
      <Link
        to="/watch/$id"
        params={{ id: String(item.id) }}
        state={{ queue }}
        className="flex min-w-0 flex-1 items-center gap-4 rounded-md"
      >
        <Thumb item={item} className="w-28 shrink-0 rounded-md" />
        <span className="min-w-0">
          <span dir="auto" className="line-clamp-2 break-words text-left font-medium">
            {item.title}
          </span>
          <span className="block truncate text-xs text-muted-foreground">
            {item.channel?.name ?? item.uploader ?? item.site}
          </span>
        </span>
      </Link>
      <span className="num shrink-0 text-xs text-muted-foreground max-sm:hidden">{bytes(item.media.size, locale)}</span>
    </>
  );
}

function Missing({ entry }: { entry: Entry }) {
  const { t } = useI18n();
  const title = entry.title ?? entry.url;
  return (
    <>
      <span className="grid aspect-video w-28 shrink-0 place-items-center rounded-md border border-dashed text-muted-foreground">
        <CircleDashed aria-hidden className="size-4" />
      </span>
      <span className="min-w-0 flex-1">
        <span dir="auto" className="line-clamp-2 break-words text-left text-muted-foreground">
          {title}
        </span>
        <span className="block truncate text-xs text-muted-foreground">
          {[t("places.missing"), entry.duration !== null && clock(entry.duration)].filter(Boolean).join(" · ")}
        </span>
      </span>
      <Button
        variant="outline"
        size="sm"
        aria-label={`${t("add.heading")}: ${title}`}
        onClick={() => askToAdd({ text: entry.url })}
      >
        <Plus />
        <span className="max-sm:hidden">{t("add.heading")}</span>
      </Button>
    </>
  );
}
