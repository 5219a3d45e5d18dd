/** Before a list is followed: its wishes at the left, and at the right what would be downloaded, and why. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { CircleAlert, Rss } from "lucide-react";
import { useId, useState } from "react";
import { codeOf } from "@/api/client";
import type { DryRun, NewSubscription, Options } from "@/api/types";
import { FolderSelect } from "@/components/folder-select";
import { followDraft } from "@/components/follow-draft";
import { QualitySelect } from "@/components/quality-select";
import { ScrollPage } from "@/components/scroll-page";
import { Button, buttonVariants } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { optionsOfQuality, qualityOf } from "@/lib/quality";
import { useSettled } from "@/lib/settled";
import { Avatar } from "./avatar";
import { LinkBox } from "./empty";
import { Card, FilterFields, Row } from "./filter-fields";
import { follow } from "./mutations";
import { Outcome } from "./outcome";
import { PresetRow } from "./presets";
import { dryRunQuery } from "./queries";
import { isRetention, RetentionFields, retentionFormOf, retentionOf } from "./retention";
import { isSchedule, ScheduleFields, scheduleFormOf, scheduleOf } from "./schedule";
import { type Begin, backfillOf, type FilterForm, filterOf, formOf, isValid } from "./wishes";

const SETTLE = 600; // ms without a change before the server is asked

const route = getRouteApi("/following/new");

export function FollowPage() {
  const { t } = useI18n();
  const { url, folder } = route.useSearch();
  return (
    <ScrollPage>
      <div className="mx-auto max-w-7xl px-4 pb-12 pt-5 sm:px-8 sm:pt-8">
        {url ? (
          <Form key={url} url={url} folder={folder ?? ""} />
        ) : (
          <div className="mx-auto max-w-xl">
            <h1 className="mb-4 text-xl font-semibold tracking-tight">{t("follow.link")}</h1>
            <LinkBox />
          </div>
        )}
      </div>
    </ScrollPage>
  );
}

function useDryRun(wanted: NewSubscription, enabled: boolean) {
  const settled = useSettled(wanted, SETTLE);
  const found = useQuery({ ...dryRunQuery(settled), enabled });
  const [last, setLast] = useState<DryRun>();
  if (found.data && !found.isPlaceholderData && found.data !== last) setLast(found.data);
  // A refused filter or an unreachable server leaves the previous result.
  return {
    ...found,
    data: found.data ?? last,
    looking: found.isFetching || JSON.stringify(settled) !== JSON.stringify(wanted),
  };
}

function Form({ url, folder: given }: { url: string; folder: string }) {
  const { t, explain } = useI18n();
  const navigate = useNavigate();
  const following = useMutation({
    ...follow,
    onSuccess: (_made, wish) => toast(t("follow.followed", { v: wish.title ?? url })),
  });
  const chosen = followDraft.optionsOf(url);
  const [begin, setBegin] = useState<Begin>("new");
  const [last, setLast] = useState("20");
  const [filter, setFilter] = useState(() => formOf({}));
  const [folder, setFolder] = useState(given);
  const [quality, setQuality] = useState(() => qualityOf(chosen));
  const [retention, setRetention] = useState(() => retentionFormOf({}));
  const [schedule, setSchedule] = useState(() => scheduleFormOf({}));
  const [preset, setPreset] = useState(() => followDraft.presetOf(url));
  const busy = following.isPending || following.isSuccess;
  const count = Number(last);
  const valid =
    isValid(filter) &&
    isRetention(retention) &&
    isSchedule(schedule) &&
    (begin !== "last" || (Number.isInteger(count) && count >= 1 && count <= 5000));
  const { audio: _, max_height: __, ...others } = chosen;
  const options: Options = { ...others, ...optionsOfQuality(quality) };
  const wanted: NewSubscription = {
    url,
    filter: filterOf(filter),
    backfill: backfillOf(begin, count),
    options,
    preset: preset || null,
  };
  const dry = useDryRun(wanted, valid);
  const problem = dry.error && !dry.isFetching ? codeOf(dry.error) : undefined;
  const wrong = problem === "invalid_pattern" ? explain(problem) : undefined;

  function send() {
    const wish = {
      ...wanted,
      folder,
      retention: retentionOf(retention),
      schedule: scheduleOf(schedule),
      title: dry.data?.title ?? null,
    };
    // Not if the user left the page meanwhile.
    const onSuccess = ({ id }: { id: number }) => void navigate({ to: "/following/$id", params: { id: String(id) } });
    following.mutate(wish, { onSuccess });
  }
  if (problem && !wrong && !dry.data) return <Refused error={dry.error} url={url} again={() => void dry.refetch()} />;
  const title = dry.data?.title;
  return (
    <>
      <header className="mb-5 flex items-center gap-4">
        <Avatar title={title ?? url} seed={url.length} className="size-12 text-lg" />
        <div className="min-w-0">
          <h1 dir="auto" className="truncate text-left text-xl font-semibold tracking-tight">
            {title ? t("follow.title", { v: title }) : t("follow.link")}
          </h1>
          <p className="truncate text-muted-foreground">{url.replace(/^https?:\/\/(www\.)?/, "")}</p>
        </div>
      </header>
      <div className="gap-6 lg:grid lg:grid-cols-[22rem_minmax(0,1fr)] lg:items-start">
        <div className="space-y-4">
          <Beginning begin={begin} last={last} onBegin={setBegin} onLast={setLast} />
          <Card title={t("follow.filter")}>
            <FilterFields
              form={filter}
              wrong={wrong && `${wrong.what}. ${wrong.fix}`}
              onChange={(more: Partial<FilterForm>) => setFilter((before) => ({ ...before, ...more }))}
            />
          </Card>
          <Card title={t("follow.where")}>
            <Row label={t("sub.folder")}>
              <FolderSelect value={folder} onChange={setFolder} />
            </Row>
            <PresetRow value={preset} onChange={setPreset} />
            <Row label={t("sub.quality")}>
              <QualitySelect value={quality} onChange={setQuality} />
            </Row>
          </Card>
          <Card title={t("pace.title")}>
            <ScheduleFields form={schedule} onChange={(more) => setSchedule((before) => ({ ...before, ...more }))} />
          </Card>
          <Card title={t("keep.title")}>
            <RetentionFields form={retention} onChange={(more) => setRetention((before) => ({ ...before, ...more }))} />
          </Card>
        </div>
        <div className="min-w-0 max-lg:mt-5">
          {problem && !wrong && (
            <p role="alert" className="mb-4 flex flex-wrap items-center gap-3 text-[0.8125rem]">
              <span className="flex-1 text-destructive">{explain(problem).what}.</span>
              <Button variant="outline" size="sm" onClick={() => void dry.refetch()}>
                {t("app.retry")}
              </Button>
            </p>
          )}
          <Outcome dry={dry.data} looking={dry.looking} filter={filterOf(filter)} />
          <div className="sticky bottom-0 -mx-4 mt-4 flex flex-wrap items-center gap-2 bg-background/95 px-4 py-3 sm:mx-0 sm:px-0">
            <p className="flex-1 text-xs text-muted-foreground max-sm:hidden">{t("dry.estimates")}</p>
            <Link to="/following" className={buttonVariants({ variant: "outline" })}>
              {t("follow.cancel")}
            </Link>
            <Button
              disabled={busy || !valid || !!problem || dry.looking || !dry.data}
              onClick={send}
              className="max-sm:flex-1"
            >
              <Rss />
              {dry.data?.wanted && !dry.looking ? t("dry.follow", { n: dry.data.wanted }) : t("follow.do")}
            </Button>
          </div>
        </div>
      </div>
    </>
  );
}

type BeginningProps = { begin: Begin; last: string; onBegin: (begin: Begin) => void; onLast: (last: string) => void };

/** The choice of existing entries. */
function Beginning({ begin, last, onBegin, onLast }: BeginningProps) {
  const { t } = useI18n();
  const name = useId();
  const options: [Begin, string][] = [
    ["new", t("follow.onlyNew")],
    ["last", t("follow.last", { n: Number(last) || 0 })],
    ["all", t("follow.everything")],
  ];
  return (
    <Card title={t("follow.begin")}>
      <div className="p-2">
        {options.map(([value, label]) => (
          <div key={value} className="flex items-center rounded-lg px-2 has-checked:bg-accent">
            <label className="flex min-h-10 flex-1 items-center gap-3">
              <input
                type="radio"
                name={name}
                className="size-4 accent-primary"
                checked={begin === value}
                onChange={() => onBegin(value)}
              />
              {label}
            </label>
            {value === "last" && begin === "last" && (
              <Input
                aria-label={t("follow.lastCount")}
                type="number"
                min={1}
                max={5000}
                className="h-8 w-24"
                value={last}
                onChange={(event) => onLast(event.target.value)}
              />
            )}
          </div>
        ))}
      </div>
    </Card>
  );
}

function Refused({ error, url, again }: { error: unknown; url: string; again: () => void }) {
  const { t, explain } = useI18n();
  const site = /^https?:\/\/(?:www\.)?([^/?#:]+)/i.exec(url)?.[1];
  const { what, fix } = explain(codeOf(error), site);
  return (
    <div className="mx-auto max-w-xl">
      <Empty
        page
        icon={<CircleAlert />}
        title={what}
        body={fix}
        action={
          <Button variant="outline" onClick={again}>
            {t("app.retry")}
          </Button>
        }
      />
      <LinkBox />
    </div>
  );
}
