import { getRouteApi } from "@tanstack/react-router";
import { CircleAlert } from "lucide-react";
import { codeOf } from "@/api/client";
import { useDownloads } from "@/api/queries";
import type { Download } from "@/api/types";
import { Boundary } from "@/components/boundary";
import { MountNote } from "@/components/mount-note";
import { ScrollPage } from "@/components/scroll-page";
import { StoreNote } from "@/components/store-note";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { Composer } from "./composer";
import { partOf } from "./states";
import { Stats } from "./stats";
import { Tabs } from "./tabs";
import { Active, Ended, NeedsAction } from "./views";
import { YtDlpNote } from "./ytdlp-note";

const route = getRouteApi("/downloads");

export function Downloads() {
  const { t } = useI18n();
  const { data, isPending, error, refetch } = useDownloads();
  return (
    <ScrollPage>
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
          <Views downloads={data} />
        ) : isPending ? (
          <Waiting />
        ) : (
          <Failure error={error} again={() => void refetch()} />
        )}
      </div>
    </ScrollPage>
  );
}

function Views({ downloads }: { downloads: Download[] }) {
  const { show } = route.useSearch();
  const attention = downloads.filter((each) => partOf(each) === "attention");
  const ended = downloads.filter((each) => partOf(each) === "ended");
  const active = downloads.filter((each) => partOf(each) === "active" || partOf(each) === "queue");
  return (
    <div className="space-y-7">
      <Tabs active={active.length} attention={attention.length} />
      {show === "action" ? (
        <NeedsAction downloads={attention} />
      ) : show === "history" ? (
        <Ended downloads={ended} all={downloads} />
      ) : (
        <Active downloads={active} all={downloads} />
      )}
    </div>
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
