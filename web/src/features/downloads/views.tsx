/** The views of the downloads. */
import { CircleCheck, DownloadCloud, History, ListX, Pause, Play, RotateCw } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import type { Download } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { useI18n } from "@/i18n";
import { dayOf } from "@/lib/format";
import { cn } from "@/lib/utils";
import { canRetry } from "./attention";
import { ListRow } from "./list-row";
import { Queue } from "./queue";
import { Row } from "./row";
import { byTurn, inLists, partOf } from "./states";
import { useActOnDownloads } from "./use-act-on-downloads";

type Props = {
  downloads: Download[];
  /** Every download, for the entries of lists. */
  all: Download[];
};

/** Running and queued downloads. An entry of a list is below the row of its list. */
export function Active({ downloads, all }: Props) {
  const { t } = useI18n();
  const act = useActOnDownloads();
  const { top, entriesOf } = inLists(downloads, all);
  const running = top.filter((each) => partOf(each) === "active" || entriesOf(each).length > 0);
  const queue = top.filter((each) => !running.includes(each)).sort(byTurn);
  const paused = downloads.filter((each) => each.state === "paused");
  const pausable = downloads.filter((each) => each.state === "running" || each.state === "queued");
  if (!downloads.length)
    return (
      <Empty
        className="rounded-xl border border-dashed"
        icon={<DownloadCloud />}
        title={t("dash.emptyTitle")}
        body={t("dash.emptyBody")}
      />
    );
  const pause = pausable.length > 0 && (
    <Button variant="ghost" size="sm" onClick={() => act("pause", pausable)}>
      <Pause />
      {t("dash.pauseAll")}
    </Button>
  );
  const resume = paused.length > 0 && (
    <Button variant="ghost" size="sm" onClick={() => act("resume", paused)}>
      <Play />
      {t("dash.resumeAll")}
    </Button>
  );
  return (
    <>
      {running.length > 0 && (
        <Section title={t("dash.inProgress")} count={running.length} action={pause}>
          <Rows downloads={running} entriesOf={entriesOf} />
        </Section>
      )}
      {(queue.length > 0 || resume) && (
        <Section title={t("dash.queue")} count={queue.length} action={resume}>
          {(shown) => <Queue downloads={queue} shown={shown} />}
        </Section>
      )}
    </>
  );
}

export function NeedsAction({ downloads }: { downloads: Download[] }) {
  const { t } = useI18n();
  const act = useActOnDownloads();
  const retried = downloads.filter(canRetry);
  if (!downloads.length)
    return <Empty className="rounded-xl border border-dashed" icon={<CircleCheck />} title={t("dash.noAction")} />;
  return (
    <Section
      title={t("dash.attention")}
      count={downloads.length}
      bad
      action={
        downloads.length > 1 &&
        retried.length > 0 && (
          <Button variant="ghost" size="sm" onClick={() => act("retry", retried)}>
            <RotateCw />
            {t("dash.retryAll")}
          </Button>
        )
      }
    >
      {(shown) => downloads.slice(0, shown).map((download) => <Row key={download.id} download={download} />)}
    </Section>
  );
}

/** Ended downloads, by day. */
export function Ended({ downloads, all }: Props) {
  const { t, locale } = useI18n();
  const act = useActOnDownloads();
  const { top, entriesOf } = inLists(downloads, all);
  if (!downloads.length)
    return <Empty className="rounded-xl border border-dashed" icon={<History />} title={t("dash.noHistory")} />;
  const days = Map.groupBy(
    top.toSorted((a, b) => endOf(b).localeCompare(endOf(a))),
    (each) => dayOf(endOf(each), locale),
  );
  return [...days].map(([day, ofDay], i) => (
    <Section
      key={day}
      title={day}
      count={ofDay.length}
      action={
        i === 0 && (
          <Button variant="ghost" size="sm" onClick={() => act("clear", downloads)}>
            <ListX />
            {t("dash.clearAll")}
          </Button>
        )
      }
    >
      {(shown) => <Rows downloads={ofDay.slice(0, shown)} entriesOf={entriesOf} />}
    </Section>
  ));
}

const endOf = (download: Download) => download.finished_at ?? download.created_at;

function Rows({ downloads, entriesOf }: { downloads: Download[]; entriesOf: (list: Download) => Download[] }) {
  return downloads.map((download) => {
    const entries = entriesOf(download);
    return entries.length ? (
      <ListRow key={download.id} list={download} entries={entries} />
    ) : (
      <Row key={download.id} download={download} />
    );
  });
}

type SectionProps = {
  title: string;
  count: number;
  action?: ReactNode;
  bad?: boolean;
  /** The rows; a function gets how many to show, undefined for all. */
  children: ReactNode | ((shown: number | undefined) => ReactNode);
};

const SHOWN = 50;

function Section({ title, count, action, bad, children }: SectionProps) {
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
          {count}
        </Badge>
        <span className="ml-auto flex gap-1">{action}</span>
      </div>
      <ul className={cn("divide-y rounded-xl border bg-card", bad && "border-destructive/35")}>
        {typeof children === "function" ? children(all ? undefined : SHOWN) : children}
      </ul>
      {typeof children === "function" && count > SHOWN && !all && (
        <Button variant="ghost" size="sm" className="mt-1 w-full" onClick={() => setAll(true)}>
          {t("dash.showAll", { n: count })}
        </Button>
      )}
    </section>
  );
}
