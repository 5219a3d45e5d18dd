import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleAlert, DownloadCloud, ListX, Pause, Play, RotateCw, WifiOff } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { codeOf } from "@/api/client";
import { useLive } from "@/api/live";
import { useDownloads, useNewest } from "@/api/queries";
import type { Download } from "@/api/types";
import { MediaCard } from "@/components/media-card";
import { MountNote } from "@/components/mount-note";
import { StoreNote } from "@/components/store-note";
import { Button } from "@/components/ui/button";
import { Badge, Empty, Skeleton } from "@/components/ui/misc";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { useActions } from "./actions";
import { Composer } from "./composer";
import { Queue } from "./queue";
import { Row } from "./row";
import { byTurn, partOf } from "./states";
import { Stats } from "./stats";
import { YtDlpNote } from "./ytdlp-note";

const route = getRouteApi("/");

export function Dashboard() {
  const { t } = useI18n();
  const { url } = route.useSearch();
  const { data, isPending, error, refetch } = useDownloads();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto max-w-5xl space-y-7 px-4 pb-12 pt-5 sm:px-8 sm:pt-8">
        <h1 className="sr-only">{t("nav.dashboard")}</h1>
        <Composer key={url} initial={url} />
        <LiveNote />
        <MountNote />
        <StoreNote />
        <YtDlpNote ended={(data ?? []).filter((each) => each.state === "done" || each.state === "failed").length} />
        <Stats downloads={data ?? []} />
        {data ? (
          <Lists downloads={data} />
        ) : isPending ? (
          <Waiting />
        ) : (
          <Failure error={error} again={() => void refetch()} />
        )}
        <JustArrived />
      </div>
    </div>
  );
}

function Lists({ downloads }: { downloads: Download[] }) {
  const { t } = useI18n();
  const actions = useActions();
  const part = (name: string) => downloads.filter((each) => partOf(each) === name);
  const [attention, active, queue, ended] = [
    part("attention"),
    part("active"),
    part("queue").sort(byTurn),
    part("ended"),
  ];
  const paused = queue.filter((each) => each.state === "paused");
  const pausable = [...active, ...queue.filter((each) => each.state === "queued")];
  const each = (list: Download[], what: (download: Download) => unknown) => () => void list.forEach(what);
  return (
    <>
      {attention.length > 0 && (
        <Section
          title={t("dash.attention")}
          downloads={attention}
          bad
          shown={3}
          action={
            attention.length > 1 && (
              <Button variant="ghost" size="sm" onClick={each(attention, (one) => actions.act(one, "retry"))}>
                <RotateCw />
                {t("dash.retryAll")}
              </Button>
            )
          }
        />
      )}
      {active.length > 0 && (
        <Section
          title={t("dash.inProgress")}
          downloads={active}
          action={
            <Button variant="ghost" size="sm" onClick={each(pausable, (one) => actions.act(one, "pause"))}>
              <Pause />
              {t("dash.pauseAll")}
            </Button>
          }
        />
      )}
      {queue.length > 0 && (
        <Section
          title={t("dash.queue")}
          downloads={queue}
          queue
          action={
            paused.length > 0 && (
              <Button variant="ghost" size="sm" onClick={each(paused, (one) => actions.act(one, "resume"))}>
                <Play />
                {t("dash.resumeAll")}
              </Button>
            )
          }
        />
      )}
      {!active.length && !queue.length && (
        <Empty
          className="rounded-xl border border-dashed"
          icon={<DownloadCloud />}
          title={t("dash.emptyTitle")}
          body={t("dash.emptyBody")}
        />
      )}
      {ended.length > 0 && (
        <Section
          title={t("dash.done")}
          downloads={ended}
          shown={6}
          action={
            <Button variant="ghost" size="sm" onClick={each(ended, (one) => actions.clear(one))}>
              <ListX />
              {t("dash.clearAll")}
            </Button>
          }
        />
      )}
    </>
  );
}

type SectionProps = {
  title: string;
  downloads: Download[];
  /** How many, until all are asked for. */
  shown?: number;
  action?: ReactNode;
  bad?: boolean;
  /** Its order can be changed. */
  queue?: boolean;
};

function Section({ title, downloads, shown = 50, action, bad, queue }: SectionProps) {
  const { t } = useI18n();
  const id = useId();
  const [all, setAll] = useState(false);
  return (
    <section aria-labelledby={id}>
      <div className="mb-2 flex h-8 items-center gap-2 px-1">
        <h2 id={id} className="font-semibold tracking-tight">
          {title}
        </h2>
        <Badge tone={bad ? "bad" : "muted"} className="num">
          {downloads.length}
        </Badge>
        <span className="ml-auto">{action}</span>
      </div>
      <ul className={cn("divide-y rounded-xl border bg-card", bad && "border-destructive/35")}>
        {queue ? (
          <Queue downloads={downloads} shown={all ? undefined : shown} />
        ) : (
          downloads.slice(0, all ? undefined : shown).map((download) => <Row key={download.id} download={download} />)
        )}
      </ul>
      {downloads.length > shown && !all && (
        <Button variant="ghost" size="sm" className="mt-1 w-full" onClick={() => setAll(true)}>
          {t("dash.showAll", { n: downloads.length })}
        </Button>
      )}
    </section>
  );
}

/** Says that what is shown comes from asking again and again, while the stream of events is away. */
function LiveNote() {
  const { t } = useI18n();
  if (useLive() !== false) return null;
  return (
    <p role="status" className="flex items-center gap-2.5 rounded-lg border border-warn/40 bg-warn/8 px-4 py-2.5">
      <WifiOff className="size-4 shrink-0 text-warn" />
      {t("dash.pollingNote")}
    </p>
  );
}

function JustArrived() {
  const { t } = useI18n();
  const { data } = useNewest(undefined, 4);
  const id = useId();
  if (!data?.length) return null;
  return (
    <section aria-labelledby={id}>
      <div className="mb-2 flex h-8 items-center px-1">
        <h2 id={id} className="font-semibold tracking-tight">
          {t("dash.recent")}
        </h2>
        <Link to="/library" className="ml-auto text-[0.8125rem] font-medium text-primary-text hover:underline">
          {t("dash.seeAll")}
        </Link>
      </div>
      <div className="grid grid-cols-2 gap-x-4 gap-y-5 lg:grid-cols-4">
        {data.map((item) => (
          <MediaCard key={item.id} item={item} />
        ))}
      </div>
    </section>
  );
}

function Waiting() {
  const { t } = useI18n();
  return (
    <div role="status" aria-label={t("app.loading")} className="space-y-px">
      <Skeleton className="h-[5.5rem] rounded-xl" />
      <Skeleton className="h-[5.5rem] rounded-xl" />
    </div>
  );
}

function Failure({ error, again }: { error: unknown; again: () => void }) {
  const { t, explain } = useI18n();
  const { what, fix } = explain(codeOf(error));
  return (
    <Empty
      className="rounded-xl border border-dashed"
      icon={<CircleAlert />}
      title={what}
      body={fix}
      action={
        <Button variant="outline" onClick={again}>
          {t("app.retry")}
        </Button>
      }
    />
  );
}
