/** The page of one subscription: every entry that was seen, what was decided on it, and why. */
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft, CircleAlert, EllipsisVertical, ExternalLink, Pause, Play, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { codeOf } from "@/api/client";
import type { Options, Subscription } from "@/api/types";
import { placeOf, useMenu } from "@/components/menu-at";
import { useQualityName } from "@/components/quality-select";
import { ScrollPage } from "@/components/scroll-page";
import { Badge } from "@/components/ui/badge";
import { Button, buttonVariants } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { qualityOf } from "@/lib/quality";
import { Avatar } from "./avatar";
import { useChoices } from "./choices";
import { Ledger } from "./entries";
import { Card } from "./filter-fields";
import { Health, isFailing, Moved, Remedy, Streak } from "./health";
import { change, check } from "./mutations";
import { useSubscription } from "./queries";
import { span, wishesInWords } from "./reasons";
import { Removal, rulesInWords } from "./retention";
import { scheduleInWords } from "./schedule";

const route = getRouteApi("/following/$id");

export function SubscriptionPage() {
  const { t, explain } = useI18n();
  const id = Number(route.useParams().id);
  const { data, error } = useSubscription(id);
  if (error && !data) {
    const { what, fix } = explain(codeOf(error));
    return (
      <Empty
        page
        className="h-full"
        icon={<CircleAlert />}
        title={what}
        body={fix}
        action={
          <Link to="/following" className={buttonVariants({ variant: "outline" })}>
            {t("nav.following")}
          </Link>
        }
      />
    );
  }
  return (
    <ScrollPage>
      <div className="mx-auto max-w-7xl px-4 pb-12 pt-3 sm:px-8 sm:pt-5">
        <Link
          to="/following"
          className="-ml-1 mb-2 inline-flex items-center gap-2 rounded-md px-2 py-1.5 text-[0.8125rem] text-muted-foreground hover:text-foreground"
        >
          <ArrowLeft className="size-4" />
          {t("nav.following")}
        </Link>
        {data ? (
          <Page key={id} one={data} />
        ) : (
          <div role="status" aria-label={t("app.loading")} className="space-y-4">
            <Skeleton className="h-14 w-80" />
            <Skeleton className="h-96 rounded-xl" />
          </div>
        )}
      </div>
    </ScrollPage>
  );
}

function Page({ one }: { one: Subscription }) {
  const { choicesOf, edit, changeLink, dialog } = useChoices();
  return (
    <>
      <Head one={one} choices={choicesOf(one)} />
      {isFailing(one) && (
        <div
          role="status"
          className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border border-destructive/35 bg-destructive/6 p-4"
        >
          <CircleAlert className="size-5 shrink-0 text-destructive" />
          <div className="min-w-0 flex-1 basis-56">
            <Streak one={one} />
          </div>
          <Remedy one={one} onLink={() => changeLink(one)} />
        </div>
      )}
      <Moved one={one} className="mb-5" />
      <div className="gap-6 lg:grid lg:grid-cols-[minmax(0,1fr)_18rem]">
        <Ledger one={one} />
        <aside className="space-y-4 max-lg:mt-6">
          <Wanted one={one} onEdit={() => edit(one)} />
          <Kept one={one} onEdit={() => edit(one)} />
          <Where one={one} onEdit={() => edit(one)} />
          <Pace one={one} onEdit={() => edit(one)} />
        </aside>
      </div>
      {dialog}
    </>
  );
}

function Head({
  one,
  choices,
}: {
  one: Subscription;
  choices: ReturnType<ReturnType<typeof useChoices>["choicesOf"]>;
}) {
  const { t } = useI18n();
  const checking = useMutation(check);
  const changing = useMutation(change);
  const { ask, menu } = useMenu();
  const paused = one.state === "paused";
  return (
    <header className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-3">
      <Avatar title={one.title} seed={one.id} className="size-14 text-xl" />
      <div className="min-w-0 flex-1 basis-56">
        <div className="flex items-center gap-2.5">
          <h1 dir="auto" className="min-w-0 truncate text-left text-xl font-semibold tracking-tight">
            {one.title}
          </h1>
          {one.last_new > 0 && <Badge tone="primary">{t("follow.new", { n: one.last_new })}</Badge>}
          {paused && <Badge>{t("follow.paused")}</Badge>}
        </div>
        <Health one={one} />
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <a
          href={one.url}
          target="_blank"
          rel="noopener noreferrer"
          className={buttonVariants({ variant: "ghost", className: "max-sm:hidden" })}
        >
          <ExternalLink />
          {t("follow.open")}
        </a>
        {!paused && (
          <Button variant="outline" disabled={one.checking} onClick={() => checking.mutate(one.id)}>
            <RefreshCw className={one.checking ? "animate-spin" : undefined} />
            {t(one.checking ? "follow.checking" : "follow.check")}
          </Button>
        )}
        <Button variant="outline" onClick={() => changing.mutate({ id: one.id, paused: !paused })}>
          {paused ? <Play /> : <Pause />}
          {t(paused ? "follow.resume" : "follow.pause")}
        </Button>
        <Button
          variant="outline"
          size="icon"
          aria-label={t("job.more")}
          aria-haspopup="menu"
          onClick={(event) => ask(placeOf(event), choices)}
        >
          <EllipsisVertical />
        </Button>
      </div>
      {menu}
    </header>
  );
}

type CardProps = { one: Subscription; onEdit: () => void };

function Wanted({ one, onEdit }: CardProps) {
  const { t, explain, locale } = useI18n();
  const wishes = wishesInWords(one.filter, { t, explain, locale });
  const { backfill } = one;
  return (
    <FactCard title={t("sub.what")} onEdit={onEdit}>
      {wishes.length === 0 && <p className="text-muted-foreground">{t("sub.everything")}</p>}
      <dl className="space-y-1.5">
        {wishes.map(({ key, text }) => (
          <Fact key={text} name={t(key)} value={text} />
        ))}
        <Fact
          name={t("sub.began")}
          value={typeof backfill === "object" ? t("sub.began.last", { n: backfill.last }) : t(`sub.began.${backfill}`)}
        />
      </dl>
      <p className="mt-2.5 text-xs text-muted-foreground">
        {t("sub.every", { v: span(one.interval_seconds, locale) })}
      </p>
    </FactCard>
  );
}

function Kept({ one, onEdit }: CardProps) {
  const { t } = useI18n();
  const rules = rulesInWords(one.retention, t);
  return (
    <FactCard title={t("keep.title")} onEdit={onEdit}>
      {rules.length ? (
        <ul className="space-y-1.5">
          {rules.map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ul>
      ) : (
        <p className="text-muted-foreground">{t("keep.all")}</p>
      )}
      <Removal one={one} />
    </FactCard>
  );
}

function Pace({ one, onEdit }: CardProps) {
  const { t, locale } = useI18n();
  const limits = scheduleInWords(one.schedule, t, locale);
  return (
    <FactCard title={t("pace.title")} onEdit={onEdit}>
      {limits.length ? (
        <ul className="space-y-1.5">
          {limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </ul>
      ) : (
        <p className="text-muted-foreground">{t("pace.none")}</p>
      )}
    </FactCard>
  );
}

function Where({ one, onEdit }: CardProps) {
  const { t } = useI18n();
  const quality = useQualityName();
  const own = qualityOf(one.options as Options); // "best" is that of the preset, if there is one
  return (
    <FactCard title={t("sub.where")} onEdit={onEdit}>
      <dl className="space-y-1.5">
        <Fact name={t("sub.folder")} value={one.folder.replaceAll("/", " / ") || t("lib.top")} />
        {one.preset && <Fact name={t("preset.name")} value={one.preset} />}
        {(!one.preset || own !== "best") && <Fact name={t("sub.quality")} value={quality(own)} />}
        <Fact name={t("sub.linkName")} value={one.url.replace(/^https?:\/\/(www\.)?/, "")} />
      </dl>
    </FactCard>
  );
}

function FactCard({ title, onEdit, children }: { title: string; onEdit: () => void; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <Card title={title}>
      <div className="relative px-4 py-3 text-[0.8125rem]">
        <Button
          variant="link"
          size="sm"
          className="absolute -top-10 right-4"
          aria-label={`${t("follow.edit")}: ${title}`}
          onClick={onEdit}
        >
          {t("follow.edit")}
        </Button>
        {children}
      </div>
    </Card>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex gap-3">
      <dt className="w-20 shrink-0 text-muted-foreground">{name}</dt>
      <dd className="wrap-anywhere min-w-0">{value}</dd>
    </div>
  );
}
