/** Every entry of a list with the decision on it, its reason, and the one thing to do with it. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowDownToLine, Cookie, DownloadCloud, ListVideo, Play } from "lucide-react";
import { type ReactNode, useState } from "react";
import { codeOf } from "@/api/client";
import type { subscriptions_Entry as Entry, Subscription } from "@/api/types";
import { Poster } from "@/components/poster";
import { Button, buttonVariants } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { type Key, useI18n } from "@/i18n";
import { day, integer } from "@/lib/format";
import { useSettled } from "@/lib/settled";
import { cn } from "@/lib/utils";
import { DecisionBadge } from "./badge";
import { Find } from "./filter-fields";
import { downloadEntry } from "./mutations";
import { useEntries } from "./queries";
import { why } from "./reasons";

const SETTLE = 150; // ms without a key before the server is asked
const DECISIONS = ["done", "queued", "skipped", "blocked", "ignored"] as const;
type Part = "all" | "missing" | (typeof DECISIONS)[number];
/** What answers "why is this not here?". */
const MISSING = "skipped,blocked,ignored";

export function Ledger({ one }: { one: Subscription }) {
  const { t, explain } = useI18n();
  const [part, setPart] = useState<Part>("all");
  const [q, setQ] = useState("");
  const wanted = useSettled(q.trim(), SETTLE);
  const found = useEntries(one.id, part === "all" ? undefined : part === "missing" ? MISSING : part, wanted);
  const rows = found.data?.pages.flatMap(({ entries }) => entries) ?? [];
  return (
    <section aria-label={t("sub.entries")} className="min-w-0">
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Tabs one={one} part={part} onChange={setPart} />
        <Find label={t("sub.find")} value={q} set={setQ} className="w-full sm:ml-auto sm:w-52" />
      </div>
      {found.error && !found.data ? (
        <p role="alert">{explain(codeOf(found.error)).what}.</p>
      ) : found.isPending ? (
        <Skeleton className="h-64 rounded-xl" />
      ) : rows.length === 0 ? (
        <Empty
          className="rounded-xl border border-dashed"
          icon={<ListVideo />}
          title={t("sub.none")}
          body={t(one.checked_at ? "sub.noneFound" : "sub.noneYet")}
        />
      ) : (
        <ul className="divide-y overflow-hidden rounded-xl border bg-card max-sm:-mx-4 max-sm:rounded-none max-sm:border-x-0">
          {rows.map((entry) => (
            <Row key={entry.id} entry={entry} one={one} />
          ))}
        </ul>
      )}
      {found.hasNextPage && (
        <Button
          variant="ghost"
          className="mt-2 w-full"
          disabled={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {t("app.more")}
        </Button>
      )}
    </section>
  );
}

function Tabs({ one, part, onChange }: { one: Subscription; part: Part; onChange: (part: Part) => void }) {
  const { t, locale } = useI18n();
  const { counts } = one;
  const missing = counts.skipped + counts.blocked + counts.ignored;
  const tabs: [Part, Key, number][] = [
    ["all", "sub.all", missing + counts.done + counts.queued],
    ["done", "sub.done", counts.done],
    ["queued", "sub.queued", counts.queued],
    ["missing", "dry.others", missing],
    ...(["skipped", "blocked", "ignored"] as const).map((each): [Part, Key, number] => [
      each,
      `sub.${each}`,
      counts[each],
    ]),
  ];
  return (
    <fieldset className="base-ui-disable-scrollbar -mx-4 flex min-w-0 gap-1.5 overflow-x-auto px-4 sm:mx-0 sm:flex-wrap sm:px-0">
      <legend className="sr-only">{t("follow.show")}</legend>
      {tabs
        .filter(([each, , n]) => n > 0 || each === "all" || each === part)
        .map(([each, key, n]) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === part}
            onClick={() => onChange(each)}
            className={cn(
              "flex h-8.5 shrink-0 items-center gap-2 rounded-full border border-input px-3 text-[0.8125rem] text-muted-foreground hover:text-foreground",
              each === part && "border-transparent bg-accent font-medium text-foreground",
            )}
          >
            {t(key)}
            <span className="num font-normal text-muted-foreground">{integer(n, locale)}</span>
          </button>
        ))}
    </fieldset>
  );
}

function Row({ entry, one }: { entry: Entry; one: Subscription }) {
  const { t, explain, locale } = useI18n();
  const title = entry.title ?? entry.source_url.replace(/^https?:\/\//, "");
  const unwanted = entry.decision === "skipped" || entry.decision === "ignored" || entry.decision === "blocked";
  const playable = entry.item !== null && !entry.trashed;
  return (
    <li data-entry={entry.id} data-decision={entry.decision} className="flex items-center gap-3 px-4 py-2.5 sm:gap-4">
      <Poster
        src={entry.poster && entry.item !== null ? `/media/${entry.item}/poster` : null}
        seed={entry.id}
        duration={entry.duration}
        dim={unwanted}
        className="w-24 shrink-0 rounded-md"
      />
      <div className="min-w-0 flex-1 gap-x-4 sm:flex sm:items-center">
        <div className="min-w-0 flex-1">
          <p dir="auto" className={cn("truncate text-left font-medium", unwanted && "text-muted-foreground")}>
            {playable ? (
              <Link to="/watch/$id" params={{ id: String(entry.item) }} className="hover:underline">
                {title}
              </Link>
            ) : (
              title
            )}
          </p>
          {entry.published_at && (
            <p className="num text-xs text-muted-foreground max-sm:hidden">{day(entry.published_at, locale)}</p>
          )}
        </div>
        <p className="mt-1 flex min-w-0 items-center gap-2 sm:mt-0 sm:w-[22rem] sm:gap-3">
          <span className="shrink-0 sm:w-28">
            <DecisionBadge entry={entry} />
          </span>
          <span className="min-w-0 text-pretty text-[0.8125rem] leading-snug text-muted-foreground max-sm:truncate">
            {why(entry, one.filter, one.site, { t, explain, locale })}
          </span>
        </p>
      </div>
      <Action entry={entry} one={one} title={title} />
    </li>
  );
}

/** The one thing to do: play, look at the download, or download it all the same. */
function Action({ entry, one, title }: { entry: Entry; one: Subscription; title: string }) {
  const { t } = useI18n();
  const download = useMutation({
    ...downloadEntry,
    onSuccess: () => toast(t("add.queued", { n: 1 }), { description: title }),
  });
  const look = buttonVariants({ variant: "ghost", size: "icon" });
  const anyway = () => download.mutate({ id: one.id, entry: entry.id });
  const to = (label: string, icon: ReactNode) => (
    <Link to="/downloads" aria-label={`${label}: ${title}`} className={look}>
      {icon}
    </Link>
  );
  if (entry.item !== null && !entry.trashed)
    return (
      <Link
        to="/watch/$id"
        params={{ id: String(entry.item) }}
        aria-label={`${t("job.open")}: ${title}`}
        className={look}
      >
        <Play />
      </Link>
    );
  if (entry.decision === "queued" && entry.state === "needs_action")
    return (
      <Link
        to="/settings"
        hash="cookies"
        search={{ site: one.site }}
        aria-label={`${t("follow.cookies")}: ${title}`}
        className={look}
      >
        <Cookie />
      </Link>
    );
  if (entry.download !== null && entry.decision === "queued") return to(t("sub.viewDownloads"), <ArrowDownToLine />);
  if (entry.decision === "queued" || entry.trashed) return <span className="w-9 shrink-0" />;
  return (
    <Button
      variant="ghost"
      size="icon"
      disabled={download.isPending || download.isSuccess}
      aria-label={`${t("sub.anyway")}: ${title}`}
      onClick={anyway}
    >
      <DownloadCloud />
    </Button>
  );
}
