import { CircleAlert, DownloadCloud, ListX, Pause, Play, RotateCw } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { codeOf } from "@/api/client";
import { useDownloads } from "@/api/queries";
import type { Download } from "@/api/types";
import { Boundary } from "@/components/boundary";
import { MountNote } from "@/components/mount-note";
import { StoreNote } from "@/components/store-note";
import { Button } from "@/components/ui/button";
import { Badge, Empty, Skeleton } from "@/components/ui/misc";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { useActions } from "./actions";
import { canRetry } from "./attention";
import { Composer } from "./composer";
import { Queue } from "./queue";
import { Row } from "./row";
import { byTurn, partOf } from "./states";
import { Stats } from "./stats";
import { YtDlpNote } from "./ytdlp-note";

export function Downloads() {
  const { t } = useI18n();
  const { data, isPending, error, refetch } = useDownloads();
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto max-w-5xl space-y-7 px-4 pb-12 pt-5 sm:px-8 sm:pt-8">
        <h1 className="sr-only">{t("nav.downloads")}</h1>
        <Boundary>
          <Composer />
        </Boundary>
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
              <Button
                variant="ghost"
                size="sm"
                onClick={() => void actions.several("retry", attention.filter(canRetry))}
              >
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
            <Button variant="ghost" size="sm" onClick={() => void actions.several("pause", pausable)}>
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
              <Button variant="ghost" size="sm" onClick={() => void actions.several("resume", paused)}>
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
            <Button variant="ghost" size="sm" onClick={() => void actions.several("clear", ended)}>
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
