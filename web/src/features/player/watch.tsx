import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { ArrowLeft, CircleAlert, Keyboard } from "lucide-react";
import { useEffect } from "react";
import { codeOf } from "@/api/client";
import { itemQuery } from "@/api/queries";
import type { Item } from "@/api/types";
import { showKeys } from "@/components/keys-store";
import { posterOf } from "@/components/media-card";
import { player, usePlayer } from "@/components/player-store";
import { Badge } from "@/components/ui/badge";
import { Button, buttonVariants } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { Tip } from "@/components/ui/tip";
import { useI18n } from "@/i18n";
import { ago, bytes, day } from "@/lib/format";
import { cn } from "@/lib/utils";
import { Chapters } from "./chapters";
import { Description } from "./description";
import { Facts } from "./facts";
import { More } from "./more";
import { UpNext } from "./up-next";
import { useQueue } from "./use-queue";

const route = getRouteApi("/watch/$id");
const NONE: never[] = [];
const SHOWN = 30; // items of the queue beside the player

/** The page of one item. The picture itself belongs to the player of the session, which covers the slot here. */
export function Watch() {
  const id = Number(route.useParams().id);
  const item = useQuery(itemQuery(id));
  const theatre = usePlayer((state) => state.theatre);
  const { history } = useRouter();
  const gone = item.isError && codeOf(item.error) === "not_found"; // any other error passes
  useEffect(() => {
    if (gone) player.close();
    else player.open(id, history.location.state.queue);
  }, [id, gone, history]);
  useEffect(() => player.leave, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another item begins at the top of its page
  useEffect(() => {
    document.getElementById("main")?.scrollTo(0, 0); // what it returns is no clean-up: a promise in newer browsers
  }, [id]);
  if (gone || item.isLoadingError) return <Missing error={item.error} />;
  return (
    <div className="relative">
      {item.data?.poster && <Glow item={item.data} />}
      <div
        className={cn(
          "relative mx-auto gap-x-8 pb-12 sm:px-8 sm:pt-5 xl:grid xl:grid-cols-[minmax(0,1fr)_22rem] xl:grid-rows-[auto_1fr]",
          !theatre && "max-w-[100rem]",
        )}
      >
        <div className={cn("min-w-0", theatre && "xl:col-span-2")}>
          <TopLine item={item.data} />
          {/* As high as the window allows, so that the title is seen too. */}
          <div
            ref={player.setSlot}
            data-slot="player"
            className={cn("aspect-video w-full bg-black sm:rounded-xl", theatre ? "max-h-[82dvh]" : "max-h-[72dvh]")}
          />
        </div>
        {item.data ? <Below key={item.data.id} item={item.data} theatre={theatre} /> : <Loading />}
      </div>
    </div>
  );
}

function Missing({ error }: { error: unknown }) {
  const { t, explain } = useI18n();
  const { what, fix } = explain(codeOf(error));
  return (
    <Empty
      page
      className="h-full"
      icon={<CircleAlert />}
      title={what}
      body={fix}
      action={
        <Link to="/library" className={buttonVariants({ variant: "outline" })}>
          {t("play.back")}
        </Link>
      }
    />
  );
}

/** Back to the view that the item was opened from; its place there is restored. */
function TopLine({ item }: { item?: Item }) {
  const { t } = useI18n();
  const { history } = useRouter();
  const queue = usePlayer((state) => state.queue);
  const folder = item?.folder ? `/library?${new URLSearchParams({ folder: item.folder })}` : "/library";
  const href = queue?.href ?? folder;
  return (
    <div className="flex h-11 items-center px-2 sm:mb-2 sm:px-0">
      <a
        href={href}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          history.push(href, { returns: true });
        }}
        className="-ml-1 flex min-w-0 items-center gap-2 rounded-md px-2 py-1.5 text-[0.8125rem] hover:bg-accent"
      >
        <ArrowLeft className="size-4 shrink-0" />
        <span className="truncate">{queue?.label || item?.folder.split("/").at(-1) || t("play.back")}</span>
      </a>
      <Tip label={t("lib.shortcuts")} side="end">
        <Button
          variant="ghost"
          size="icon"
          className="ml-auto max-md:hidden"
          aria-label={t("lib.shortcuts")}
          onClick={showKeys}
        >
          <Keyboard />
        </Button>
      </Tip>
    </div>
  );
}

function Below({ item, theatre }: { item: Item; theatre: boolean }) {
  const { t } = useI18n();
  const media = usePlayer((state) => state.media);
  const queue = useQueue(item);
  return (
    <>
      <div className="min-w-0 px-4 pt-4 sm:px-0 xl:col-start-1">
        <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
          <Title item={item} />
          <More item={item} />
        </div>
        <Description item={item} />
        <Facts item={item} />
      </div>
      <aside
        className={cn(
          "mt-6 space-y-7 px-4 sm:px-0 xl:col-start-2",
          theatre ? "xl:mt-4" : "xl:row-span-2 xl:row-start-1 xl:mt-13",
        )}
        aria-label={t("play.upNext")}
      >
        <Chapters chapters={item.chapters ?? NONE} media={media} />
        <UpNext items={queue.following.slice(0, SHOWN)} queue={queue.queue} />
      </aside>
    </>
  );
}

/** The colours of the poster, behind everything. */
function Glow({ item }: { item: Item }) {
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute inset-x-0 top-0 h-[34rem] overflow-hidden opacity-20 dark:opacity-45 [mask-image:linear-gradient(to_bottom,black,transparent)]"
    >
      <img src={posterOf(item) ?? ""} alt="" className="size-full scale-125 object-cover blur-[72px] saturate-150" />
    </div>
  );
}

function Title({ item }: { item: Item }) {
  const { t, locale } = useI18n();
  const { media } = item;
  const from = item.channel?.name ?? item.uploader ?? item.site;
  return (
    <div className="min-w-0 flex-1 basis-64">
      <h1
        dir="auto"
        className="text-left text-balance break-words text-xl font-semibold leading-snug tracking-tight sm:text-2xl"
      >
        {item.title}
      </h1>
      <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1.5 text-muted-foreground">
        {from && item.channel ? (
          <Link
            to="/channel/$id"
            params={{ id: item.channel.id }}
            search={{ site: item.channel.site ?? undefined }}
            className="text-foreground hover:underline"
          >
            {from}
          </Link>
        ) : (
          from && <span className="text-foreground">{from}</span>
        )}
        <span>
          {from && <span className="max-sm:hidden">· </span>}
          {item.published_at && `${t("play.published", { v: day(item.published_at, locale) })} · `}
          {t("play.added", { v: ago(item.created_at, locale) })} · {bytes(media.size, locale)}
        </span>
        {media.width && media.height && (
          <Badge className="num">
            {media.width} × {media.height}
          </Badge>
        )}
        <Badge>{media.kind.split("/")[1]?.toUpperCase()}</Badge>
        {media.ref_count > 1 && <Badge>{t("play.shared", { n: media.ref_count })}</Badge>}
      </p>
    </div>
  );
}

function Loading() {
  const { t } = useI18n();
  return (
    <div role="status" aria-label={t("app.loading")} className="space-y-4 pt-4">
      <Skeleton className="h-6 w-1/2" />
      <Skeleton className="h-4 w-1/3" />
    </div>
  );
}
