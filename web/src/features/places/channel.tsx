/** `/channel/$id`: the items of one channel, the newest first. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { ArrowDownUp, Share2 } from "lucide-react";
import { channelQuery, itemsQuery, rowsOf, SORTS, type Sort } from "@/api/queries";
import { MediaCard } from "@/components/media-card";
import { Button, buttonVariants } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { Avatar } from "./avatar";
import { Page, Pending } from "./page";
import { PlaceActions } from "./place-actions";

const FIRST: Sort = "-published";

export function ChannelPage() {
  const { t } = useI18n();
  const { history } = useRouter();
  const navigate = useNavigate({ from: "/channel/$id" });
  const { id } = useParams({ from: "/channel/$id" });
  const { site, sort = FIRST, unwatched } = useSearch({ from: "/channel/$id" });
  const channel = useQuery(channelQuery(id, site));
  const wanted = { channel: id, site, sort, unwatched };
  const found = useInfiniteQuery(itemsQuery(wanted));
  const items = rowsOf(found.data);
  if (!channel.data)
    return (
      <Page title={t("places.channel")}>
        <Pending error={channel.error} again={() => void channel.refetch()} />
      </Page>
    );
  const { name, url, site: of, items: count } = channel.data;
  const [first] = items;
  const queue = { wanted, label: name, href: history.location.href };
  return (
    <Page
      picture={<Avatar name={name} className="size-14 text-xl" />}
      title={name}
      about={[of, t("lib.count", { n: count })].filter(Boolean).join(" · ")}
      actions={
        <PlaceActions first={first?.id} queue={queue} url={url}>
          <Link
            to="/shares"
            search={{ channel: id, site: of ?? undefined, title: name }}
            className={buttonVariants({ variant: "outline" })}
          >
            <Share2 />
            {t("share.share")}
          </Link>
        </PlaceActions>
      }
    >
      <div className="mb-4 flex flex-wrap gap-2">
        <Select<Sort>
          label={t("lib.sort")}
          icon={<ArrowDownUp />}
          value={sort}
          onChange={(value) =>
            void navigate({ search: (s) => ({ ...s, sort: value === FIRST ? undefined : value }), replace: true })
          }
          items={SORTS.map((value) => ({ value, label: t(`lib.sort.${value}`) }))}
        />
        <Button
          variant="outline"
          aria-pressed={!!unwatched}
          className={cn("text-[0.8125rem] font-normal text-muted-foreground", unwatched && "bg-accent text-foreground")}
          onClick={() =>
            void navigate({ search: (s) => ({ ...s, unwatched: unwatched ? undefined : true }), replace: true })
          }
        >
          {t("lib.unwatched")}
        </Button>
      </div>
      {found.isPending || found.isLoadingError ? (
        <Pending error={found.error} again={() => void found.refetch()} />
      ) : (
        <ul className="grid grid-cols-2 gap-x-4 gap-y-5 sm:grid-cols-3 lg:grid-cols-4 xl:grid-cols-5">
          {items.map((item) => (
            <li key={item.id} className="min-w-0 [contain-intrinsic-size:auto_12rem] [content-visibility:auto]">
              <MediaCard item={item} queue={queue} />
            </li>
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button variant="outline" className="mt-6 w-full" onClick={() => void found.fetchNextPage()}>
          {t("app.more")}
        </Button>
      )}
    </Page>
  );
}
