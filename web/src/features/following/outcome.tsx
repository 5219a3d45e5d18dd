/** The dry run: one sentence, one bar by reason, and each entry with its reason. */
import { Check, DownloadCloud, Minus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useSystem } from "@/api/queries";
import type { DryRun, Filter, PreviewedEntry } from "@/api/types";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { type Key, useI18n } from "@/i18n";
import { bytes, clock, integer, percent } from "@/lib/format";
import { cn } from "@/lib/utils";
import { why } from "./reasons";

const SHOWN = 200; // entries, until all are asked for

type Props = { dry?: DryRun; looking: boolean; filter: Filter };

export function Outcome({ dry, looking, filter }: Props) {
  const { t } = useI18n();
  if (!dry)
    return (
      <div role="status" aria-label={t("dry.looking")} className="space-y-4">
        {looking && <p className="text-muted-foreground">{t("dry.looking")}</p>}
        <Skeleton className="h-40 rounded-xl" />
        <Skeleton className="h-72 rounded-xl" />
      </div>
    );
  return (
    <div className={cn("space-y-4 transition-opacity", looking && "opacity-70")} aria-busy={looking}>
      <Summary dry={dry} looking={looking} />
      <List dry={dry} filter={filter} />
    </div>
  );
}

function Summary({ dry, looking }: { dry: DryRun; looking: boolean }) {
  const { t, locale } = useI18n();
  const change = useChange(dry.wanted, looking);
  const size = [
    dry.bytes ? t("dry.size", { v: bytes(dry.bytes, locale) }) : "",
    dry.bytes && dry.quota_share !== null ? t("dry.share", { v: percent(dry.quota_share, locale) }) : "",
  ].filter(Boolean);
  return (
    <section aria-label={t("dry.title")} className="rounded-xl border bg-card">
      <div className="p-5">
        <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-1">
          <div role="status">
            <p className="eyebrow">{t("dry.title")}</p>
            <p className="num mt-1 text-2xl font-semibold tracking-tight">
              {t("dry.sum", { d: integer(dry.wanted, locale), n: dry.listed })}
            </p>
            <p className="text-muted-foreground">
              {looking ? t("dry.looking") : dry.wanted ? size.join(", ") : t("dry.nothing")}
            </p>
          </div>
          {change !== 0 && !looking && (
            <p className={cn("text-[0.8125rem]", change < 0 ? "text-ok" : "text-primary-text")}>
              {t(change < 0 ? "dry.fewer" : "dry.more", { n: Math.abs(change) })}
            </p>
          )}
        </div>
        <ReasonBar entries={dry.entries} />
      </div>
      <Quota more={dry.bytes} />
    </section>
  );
}

/** By how many the sum differs from the one before. */
function useChange(wanted: number, looking: boolean): number {
  const before = useRef(wanted);
  const [change, setChange] = useState(0);
  useEffect(() => {
    if (looking || before.current === wanted) return;
    setChange(wanted - before.current);
    before.current = wanted;
  }, [wanted, looking]);
  return change;
}

type Part =
  | "download"
  | "in_library"
  | "before"
  | "title"
  | "too_short"
  | "too_long"
  | "date"
  | "short"
  | "live"
  | "unknown"
  | "other";
const PARTS: Part[] = [
  "download",
  "in_library",
  "too_short",
  "too_long",
  "date",
  "title",
  "short",
  "live",
  "unknown",
  "before",
  "other",
];
const OF_REASON: Record<string, Part> = {
  in_library: "in_library",
  before_following: "before",
  title: "title",
  excluded: "title",
  too_short: "too_short",
  too_long: "too_long",
  too_old: "date",
  too_new: "date",
  short: "short",
  live: "live",
  upcoming: "live",
  duration_unknown: "unknown",
  published_unknown: "unknown",
};
const COLOURS: Partial<Record<Part, string>> = { download: "bg-primary", in_library: "bg-ok" };

/** One segment for each reason, as wide as it is frequent. */
function ReasonBar({ entries }: { entries: PreviewedEntry[] }) {
  const { t, locale } = useI18n();
  const counts = new Map<Part, number>();
  for (const { decision, reason } of entries) {
    const part = decision === "queued" ? "download" : (OF_REASON[reason] ?? "other");
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const parts = PARTS.flatMap((part) => {
    const n = counts.get(part);
    return n ? [{ part, n }] : [];
  });
  if (!parts.length) return null;
  return (
    <>
      <div aria-hidden className="mt-4 flex h-2 gap-[3px]">
        {parts.map(({ part, n }) => (
          <span
            key={part}
            style={{ flexGrow: n }}
            className={cn("min-w-1.5 basis-0 rounded-full", COLOURS[part] ?? "bg-muted-foreground/30")}
          />
        ))}
      </div>
      <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-[0.8125rem] text-muted-foreground">
        {parts.map(({ part, n }) => (
          <li key={part} className="flex items-center gap-2">
            <span className={cn("size-2 rounded-full", COLOURS[part] ?? "bg-muted-foreground/40")} />
            {t(`dry.part.${part}` as Key)}
            <span className="num text-foreground">{integer(n, locale)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The quota before and after; nothing without one. */
function Quota({ more }: { more: number | null }) {
  const { t, locale } = useI18n();
  const usage = useSystem().data?.usage;
  if (!usage?.quota || !more) return null;
  const { charged, quota } = usage;
  const share = (part: number) => `${Math.min(100, (part / quota) * 100)}%`;
  return (
    <div className="flex items-center gap-4 border-t bg-muted/40 px-5 py-3 text-[0.8125rem]">
      <span>{t("dry.quota")}</span>
      <span aria-hidden className="flex h-1.5 flex-1 gap-[3px] overflow-hidden rounded-full bg-muted">
        <span style={{ width: share(charged) }} className="bg-muted-foreground" />
        <span style={{ width: share(more) }} className={charged + more > quota ? "bg-destructive" : "bg-primary"} />
      </span>
      <span className="num text-muted-foreground">
        {t("dry.quotaFrom", {
          a: bytes(charged, locale),
          b: bytes(charged + more, locale),
          n: bytes(quota, locale),
        })}
      </span>
    </div>
  );
}

function List({ dry, filter }: { dry: DryRun; filter: Filter }) {
  const { t, explain, locale } = useI18n();
  const [part, setPart] = useState<"all" | "wanted" | "others">("all");
  const [all, setAll] = useState(false);
  const shown = dry.entries.filter(({ decision }) => part === "all" || (decision === "queued") === (part === "wanted"));
  return (
    <section aria-label={t("dry.order")} className="overflow-hidden rounded-xl border bg-card">
      <div className="flex flex-wrap items-center justify-between gap-3 border-b px-4 py-3">
        <Segmented
          label={t("follow.show")}
          value={part}
          onChange={setPart}
          items={[
            { value: "all", label: t("sub.all") },
            { value: "wanted", label: t("dry.wanted") },
            { value: "others", label: t("dry.others") },
          ]}
        />
        <span className="text-xs text-muted-foreground max-sm:hidden">{t("dry.order")}</span>
      </div>
      {shown.length === 0 && <p className="px-4 py-6 text-center text-muted-foreground">{t("sub.none")}</p>}
      <ul className="divide-y">
        {shown.slice(0, all ? undefined : SHOWN).map((entry) => (
          <li
            key={entry.source_url}
            data-decision={entry.decision}
            className="flex min-h-10 items-center gap-3 px-4 py-1.5 text-[0.8125rem]"
          >
            <Mark entry={entry} />
            <span className="min-w-0 flex-1 sm:flex sm:items-center sm:gap-4">
              <span
                dir="auto"
                className={cn(
                  "block min-w-0 flex-1 truncate text-left",
                  entry.decision === "queued" ? "font-medium" : "text-muted-foreground",
                )}
              >
                {entry.title ?? entry.source_url}
              </span>
              <span
                className={cn("block truncate sm:max-w-72", entry.decision !== "queued" && "text-muted-foreground")}
              >
                {entry.decision === "queued" ? t("why.would") : why(entry, filter, dry.site, { t, explain, locale })}
              </span>
            </span>
            <span className="num w-14 shrink-0 text-right text-muted-foreground">
              {entry.duration !== null && clock(entry.duration)}
            </span>
          </li>
        ))}
      </ul>
      {shown.length > SHOWN && !all && (
        <button
          type="button"
          className="w-full border-t py-2.5 text-[0.8125rem] text-muted-foreground hover:bg-accent"
          onClick={() => setAll(true)}
        >
          {t("dash.showAll", { n: shown.length })}
        </button>
      )}
    </section>
  );
}

function Mark({ entry }: { entry: PreviewedEntry }) {
  if (entry.decision === "queued") return <DownloadCloud aria-hidden className="size-4 shrink-0 text-primary-text" />;
  if (entry.item !== null) return <Check aria-hidden className="size-4 shrink-0 text-ok" />;
  return <Minus aria-hidden className="size-4 shrink-0 text-muted-foreground" />;
}
