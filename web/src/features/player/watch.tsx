import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ArrowLeft, CircleAlert, Keyboard, PictureInPicture2, SkipBack, SkipForward } from "lucide-react";
import { lazy, type RefObject, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { codeOf } from "@/api/client";
import { useItem, useNewest } from "@/api/queries";
import type { Item } from "@/api/types";
import { isAudio, posterOf } from "@/components/media-card";
import { Button, buttonVariants } from "@/components/ui/button";
import { Badge, Empty, Skeleton } from "@/components/ui/misc";
import { Select } from "@/components/ui/select";
import { Tip } from "@/components/ui/tip";
import { useI18n } from "@/i18n";
import { ago, bytes } from "@/lib/format";
import { Chapters } from "./chapters";
import { Facts } from "./facts";
import { PLAYER_KEYS, useMediaSession, usePlayerKeys } from "./keys";
import { More } from "./more";
import { Screen } from "./screen";
import { UpNext } from "./up-next";

const KeysDialog = lazy(() => import("@/components/keys-dialog"));
const route = getRouteApi("/watch/$id");
const AROUND = 100; // how many of the folder are looked at for what comes next
const NONE: never[] = [];
const RATES = ["0.5", "0.75", "1", "1.25", "1.5", "1.75", "2"];

export function Watch() {
  const { id } = route.useParams();
  const { t, explain } = useI18n();
  const item = useItem(Number(id));
  if (item.data) return <Player key={item.data.id} item={item.data} />;
  if (item.isPending) return <Loading />;
  const { what, fix } = explain(codeOf(item.error));
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

function Player({ item }: { item: Item }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const player = useRef<HTMLMediaElement>(null);
  const near = useNewest(item.folder, AROUND).data ?? [];
  const here = near.findIndex(({ id }) => id === item.id);
  // What follows, then from the start of the folder again.
  const upNext = here < 0 ? near : [...near.slice(here + 1), ...near.slice(0, here)];
  const nextId = upNext[0]?.id;
  const previousId = here > 0 ? near[here - 1]?.id : undefined;
  const go = useCallback(
    (id?: number) => id !== undefined && void navigate({ to: "/watch/$id", params: { id: String(id) } }),
    [navigate],
  );
  const next = useCallback(() => go(nextId), [go, nextId]);
  const previous = useCallback(() => go(previousId), [go, previousId]);
  const ways = {
    next: nextId === undefined ? undefined : next,
    previous: previousId === undefined ? undefined : previous,
  };
  const [help, setHelp] = useState(false);
  usePlayerKeys(player, ways, () => setHelp(true));
  useMediaSession(
    player,
    { title: item.title, artist: item.uploader ?? item.site ?? "", artwork: posterOf(item) },
    ways,
  );
  return (
    <div className="relative h-full overflow-y-auto">
      {item.poster && <Glow item={item} />}
      <div className="relative mx-auto max-w-[100rem] gap-8 px-0 pb-12 sm:px-8 sm:pt-5 lg:grid lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="min-w-0">
          <div className="flex h-11 items-center px-2 sm:mb-2 sm:px-0">
            <Link
              to="/library"
              search={{ folder: item.folder || undefined }}
              className="-ml-1 flex min-w-0 items-center gap-2 rounded-md px-2 py-1.5 text-[0.8125rem] hover:bg-accent"
            >
              <ArrowLeft className="size-4 shrink-0" />
              <span className="truncate">{item.folder.split("/").at(-1) || t("play.back")}</span>
            </Link>
            <Tip label={t("lib.shortcuts")} side="end">
              <Button
                variant="ghost"
                size="icon"
                className="ml-auto max-md:hidden"
                aria-label={t("lib.shortcuts")}
                onClick={() => setHelp(true)}
              >
                <Keyboard />
              </Button>
            </Tip>
          </div>
          <Screen item={item} player={player} next={ways.next} nextTitle={upNext[0]?.title} />
          <div className="px-4 pt-4 sm:px-0">
            <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
              <Title item={item} />
              <div className="flex items-center gap-1">
                <Way label={`${t("play.prev")} · P`} name={t("play.prev")} icon={<SkipBack />} go={ways.previous} />
                <Way label={`${t("play.next")} · N`} name={t("play.next")} icon={<SkipForward />} go={ways.next} />
                <Speed player={player} />
                {!isAudio(item) && <PictureInPicture player={player} />}
                <More item={item} />
              </div>
            </div>
            <Facts item={item} />
          </div>
        </div>
        <aside className="mt-6 space-y-7 px-4 sm:px-0 lg:mt-13" aria-label={t("play.upNext")}>
          <Chapters chapters={item.chapters ?? NONE} player={player} />
          <UpNext items={upNext.slice(0, 8)} />
        </aside>
      </div>
      <Suspense>{help && <KeysDialog keys={PLAYER_KEYS} onClose={() => setHelp(false)} />}</Suspense>
    </div>
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
  const from = item.uploader ?? item.site;
  return (
    <div className="min-w-0 flex-1 basis-80">
      <h1
        dir="auto"
        className="text-left text-balance break-words text-xl font-semibold leading-snug tracking-tight sm:text-2xl"
      >
        {item.title}
      </h1>
      <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1.5 text-muted-foreground">
        {from && <span className="text-foreground">{from}</span>}
        <span>
          {from && "· "}
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

function Way({ label, name, icon, go }: { label: string; name: string; icon: React.ReactNode; go?: () => void }) {
  return (
    <Tip label={label}>
      <Button variant="outline" size="icon" disabled={!go} aria-label={name} onClick={go}>
        {icon}
      </Button>
    </Tip>
  );
}

function Speed({ player }: { player: RefObject<HTMLMediaElement | null> }) {
  const { t, locale } = useI18n();
  const [rate, setRate] = useState("1");
  useEffect(() => {
    const media = player.current;
    const look = () => media && setRate(String(media.playbackRate)); // the keys change it too
    media?.addEventListener("ratechange", look);
    return () => media?.removeEventListener("ratechange", look);
  }, [player]);
  return (
    <Select
      label={t("play.speed")}
      className="w-20"
      value={rate}
      onChange={(value) => {
        setRate(value);
        if (player.current) player.current.playbackRate = Number(value);
      }}
      items={RATES.map((value) => ({ value, label: `${Number(value).toLocaleString(locale)}×` }))}
    />
  );
}

function PictureInPicture({ player }: { player: RefObject<HTMLMediaElement | null> }) {
  const { t } = useI18n();
  if (!document.pictureInPictureEnabled) return null;
  return (
    <Tip label={t("play.pip")}>
      <Button
        variant="outline"
        size="icon"
        aria-label={t("play.pip")}
        onClick={() => void (player.current as HTMLVideoElement | null)?.requestPictureInPicture().catch(() => {})}
      >
        <PictureInPicture2 />
      </Button>
    </Tip>
  );
}

function Loading() {
  const { t } = useI18n();
  return (
    <div role="status" aria-label={t("app.loading")} className="space-y-4 sm:px-8 sm:pt-16">
      <Skeleton className="aspect-video max-h-[72dvh] w-full max-w-5xl rounded-xl" />
      <Skeleton className="h-6 w-1/2" />
    </div>
  );
}
