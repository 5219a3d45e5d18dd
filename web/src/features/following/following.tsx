/** The channels and lists that are followed. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, Download, EllipsisVertical, RefreshCw, Rss, Search, Upload } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { codeOf } from "@/api/client";
import type { ExportedList, Subscription } from "@/api/types";
import { type Choice, placeOf, useMenu } from "@/components/menu-at";
import { ScrollPage } from "@/components/scroll-page";
import { Badge } from "@/components/ui/badge";
import { Button, buttonVariants } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { ago, integer } from "@/lib/format";
import { register } from "@/lib/load";
import { cn } from "@/lib/utils";
import { Avatar } from "./avatar";
import { useChoices } from "./choices";
import { NothingFollowed } from "./empty";
import { Find } from "./filter-fields";
import { Dot, isFailing, nextCheck, Remedy, Streak } from "./health";
import { checkAll, exportList } from "./mutations";
import { useSubscriptions } from "./queries";
import { wishesInWords } from "./reasons";

const ImportDialog = lazy(register(() => import("./import-dialog")));
const MANY = 6; // subscriptions from which on finding one is worth a box

type Part = "all" | "new" | "failing" | "paused";
const IN_PART: Record<Part, (one: Subscription) => boolean> = {
  all: () => true,
  new: (one) => one.last_new > 0,
  failing: isFailing,
  paused: (one) => one.state === "paused",
};

export function FollowingPage() {
  const { t, explain } = useI18n();
  const { data, error, refetch } = useSubscriptions();
  return (
    <ScrollPage>
      <div className="mx-auto max-w-6xl px-4 pb-12 pt-5 sm:px-8 sm:pt-8">
        {data?.length ? (
          <Followed all={data} />
        ) : (
          <>
            <h1 className="text-xl font-semibold tracking-tight">{t("nav.following")}</h1>
            {data ? (
              <NothingFollowed />
            ) : error ? (
              <Empty
                icon={<CircleAlert />}
                title={explain(codeOf(error)).what}
                body={explain(codeOf(error)).fix}
                action={
                  <Button variant="outline" onClick={() => void refetch()}>
                    {t("app.retry")}
                  </Button>
                }
              />
            ) : (
              <div role="status" aria-label={t("app.loading")} className="mt-5 space-y-px">
                <Skeleton className="h-16 rounded-xl" />
                <Skeleton className="h-16 rounded-xl" />
              </div>
            )}
          </>
        )}
      </div>
    </ScrollPage>
  );
}

function Followed({ all }: { all: Subscription[] }) {
  const { t, locale } = useI18n();
  const { ask, menu } = useMenu();
  const { choicesOf, changeLink, dialog } = useChoices();
  const [part, setPart] = useState<Part>("all");
  const [q, setQ] = useState("");
  const words = q.trim().toLocaleLowerCase(locale);
  const shown = all.filter((one) => IN_PART[part](one) && one.title.toLocaleLowerCase(locale).includes(words));
  const failing = shown.filter(isFailing);
  const others = shown.filter((one) => !isFailing(one));
  const checked = all
    .flatMap(({ checked_at }) => checked_at ?? [])
    .toSorted()
    .at(-1);
  const more = (one: Subscription) => <More one={one} choices={choicesOf(one)} ask={ask} />;
  return (
    <>
      <header className="flex flex-wrap items-end gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1">
          <h1 className="text-xl font-semibold tracking-tight">{t("nav.following")}</h1>
          <p className="text-muted-foreground">
            {t("follow.count", { n: all.length })}
            {checked && ` · ${t("follow.lastCheck", { v: ago(checked, locale) })}`}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <Link to="/following/new" search={{}} className={buttonVariants({ variant: "secondary" })}>
            <Rss />
            {t("follow.link")}
          </Link>
          <AllMenu ask={ask} />
        </div>
      </header>
      <div className="mt-5 flex flex-wrap items-center gap-2">
        {all.length >= MANY && <Find label={t("follow.find")} value={q} set={setQ} className="w-full sm:w-64" />}
        <Segmented
          label={t("follow.show")}
          value={part}
          onChange={setPart}
          items={[
            { value: "all", label: t("follow.all") },
            { value: "new", label: t("follow.withNew") },
            { value: "failing", label: t("follow.failing") },
            { value: "paused", label: t("follow.paused") },
          ]}
        />
      </div>
      {failing.length > 0 && (
        <ul
          className="mt-5 divide-y rounded-xl border border-destructive/35 bg-destructive/6"
          aria-label={t("follow.failing")}
        >
          {failing.map((one) => (
            <li key={one.id} data-subscription={one.id} className="flex flex-wrap items-center gap-x-4 gap-y-3 p-4">
              <Avatar title={one.title} seed={one.id} />
              <div className="min-w-0 flex-1 basis-56">
                <Name one={one} />
                <About one={one} />
                <Streak one={one} />
              </div>
              <span className="flex items-center gap-1 max-sm:ml-14">
                <Remedy one={one} onLink={() => changeLink(one)} />
                {more(one)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <>
          <div aria-hidden className="eyebrow mt-5 flex gap-4 px-4 pb-2 max-sm:hidden">
            <span className="flex-1 pl-14">{t("follow.name")}</span>
            <span className="w-28 text-right">{t("follow.videos")}</span>
            <span className="w-36 pr-12 text-right">{t("follow.next")}</span>
          </div>
          <ul className="divide-y rounded-xl border bg-card max-sm:mt-5">
            {others.map((one) => (
              <li key={one.id} data-subscription={one.id} className="flex items-center gap-4 px-4 py-3">
                <Avatar title={one.title} seed={one.id} />
                <div className="min-w-0 flex-1">
                  <Name one={one} />
                  <About one={one} />
                  <p className="mt-0.5 flex items-center gap-2 text-xs text-muted-foreground sm:hidden">
                    <Dot one={one} />
                    <span className="num">
                      <Amount one={one} /> · {nextCheck(one, t, locale)}
                    </span>
                  </p>
                </div>
                <span className="num w-24 shrink-0 text-right text-[0.8125rem] text-muted-foreground max-sm:hidden">
                  <Amount one={one} />
                </span>
                <span className="flex w-28 shrink-0 items-center justify-end gap-2 text-[0.8125rem] text-muted-foreground max-sm:hidden">
                  <Dot one={one} />
                  {nextCheck(one, t, locale)}
                </span>
                {more(one)}
              </li>
            ))}
          </ul>
        </>
      )}
      {shown.length === 0 && <Empty icon={<Search />} title={t("follow.noMatch")} />}
      {menu}
      {dialog}
    </>
  );
}

/** Actions for all of them: check, import, export. */
function AllMenu({ ask }: Pick<MoreProps, "ask">) {
  const { t } = useI18n();
  const checking = useMutation({
    ...checkAll,
    onSuccess: ({ count }) => toast(t("follow.checkedAll", { n: count })),
  });
  const exporting = useMutation({ ...exportList, onSuccess: save });
  const [loading, setLoading] = useState(false);
  const choices: Choice[] = [
    {
      key: "check",
      label: t("follow.checkAll"),
      icon: <RefreshCw />,
      run: () => checking.mutate(),
    },
    { key: "import", label: t("load.import"), icon: <Upload />, run: () => setLoading(true) },
    {
      key: "export",
      label: t("load.export"),
      icon: <Download />,
      run: () => exporting.mutate(),
    },
  ];
  return (
    <>
      <Button
        variant="outline"
        size="icon"
        aria-label={t("follow.allActions")}
        aria-haspopup="menu"
        onClick={(event) => ask(placeOf(event), choices)}
      >
        <EllipsisVertical />
      </Button>
      {loading && (
        <Suspense>
          <ImportDialog onClose={() => setLoading(false)} />
        </Suspense>
      )}
    </>
  );
}

/** Saves subscriptions as a file. */
function save(list: ExportedList) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([list.content], { type: "text/x-opml" }));
  link.download = "following.opml";
  link.click();
  URL.revokeObjectURL(link.href);
}

function Name({ one }: { one: Subscription }) {
  const { t } = useI18n();
  return (
    <p className="flex min-w-0 items-center gap-2">
      <Link
        to="/following/$id"
        params={{ id: String(one.id) }}
        dir="auto"
        className="min-w-0 truncate text-left font-medium hover:underline"
      >
        {one.title}
      </Link>
      {one.last_new > 0 && <Badge tone="primary">{t("follow.new", { n: one.last_new })}</Badge>}
      {one.state === "paused" && <Badge>{t("follow.paused")}</Badge>}
    </p>
  );
}

/** Site, what is wanted of it, and the folder. */
function About({ one }: { one: Subscription }) {
  const { t, explain, locale } = useI18n();
  const wanted = wishesInWords(one.filter, { t, explain, locale }).map(({ text }) => text);
  return (
    <p className="truncate text-xs text-muted-foreground">
      {[one.site, ...wanted, one.folder.replaceAll("/", " / ")].filter(Boolean).join(" · ")}
    </p>
  );
}

/** How many entries are downloaded, of how many. */
function Amount({ one }: { one: Subscription }) {
  const { t, locale } = useI18n();
  const all = Object.values(one.counts).reduce((sum, n) => sum + n, 0);
  return <>{all ? t("follow.of", { d: integer(one.counts.done, locale), n: integer(all, locale) }) : "–"}</>;
}

type MoreProps = { one: Subscription; choices: Choice[]; ask: ReturnType<typeof useMenu>["ask"] };

function More({ one, choices, ask }: MoreProps) {
  const { t } = useI18n();
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      className={cn("shrink-0")}
      aria-label={`${t("job.more")}: ${one.title}`}
      aria-haspopup="menu"
      onClick={(event) => ask(placeOf(event), choices)}
    >
      <EllipsisVertical />
    </Button>
  );
}
