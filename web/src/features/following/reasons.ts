/** Decisions and reasons of entries in words. */
import type { subscriptions_Entry as Entry, Filter, PreviewedEntry } from "@/api/types";
import type { Explain, Key, T } from "@/i18n";
import { day } from "@/lib/format";
import { daysOf } from "./wishes";

export type Decided = Pick<PreviewedEntry, "decision" | "reason" | "item"> &
  Partial<Pick<Entry, "state" | "trashed" | "download" | "removed_at">>;
type Words = { t: T; explain: Explain; locale: string };

const unit = (value: number, name: "minute" | "second" | "hour", locale: string) =>
  new Intl.NumberFormat(locale, {
    style: "unit",
    unit: name,
    unitDisplay: "short",
    maximumFractionDigits: 2,
  }).format(value);

/** "5 min", "30 sec", "1.5 hr". */
export function span(seconds: number, locale: string): string {
  if (seconds < 60) return unit(seconds, "second", locale);
  return seconds < 7200 ? unit(rounded(seconds / 60), "minute", locale) : unit(rounded(seconds / 3600), "hour", locale);
}

/** Half minutes matter in "1.5 min", not in "44.8 min". */
const rounded = (value: number) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));

/** A limit of dates in words: a day and an age are said in different ways. */
function limit(time: string, ofDay: Key, ofAge: Key, { t, locale }: Words): string {
  const days = daysOf(time);
  return days === undefined ? t(ofDay, { v: day(`${time}T00:00:00Z`, locale) }) : t(ofAge, { n: days });
}

/** The parts of a filter, in a few words each. */
export function wishesInWords(filter: Filter, words: Words): { key: Key; text: string }[] {
  const { t, locale } = words;
  const { min_duration: min, max_duration: max } = filter;
  const length = (value: number) => span(value, locale);
  const said: [Key, string | false | null | undefined][] = [
    [
      "sub.duration",
      min != null && max != null
        ? t("sub.between", { a: length(min), b: length(max) })
        : min != null
          ? t("sub.from", { a: length(min) })
          : max != null && t("sub.upTo", { a: length(max) }),
    ],
    ["sub.title", filter.title_include && t("sub.with", { v: filter.title_include })],
    ["sub.title", filter.title_exclude && t("sub.without", { v: filter.title_exclude })],
    ["follow.published", filter.since && limit(filter.since, "sub.since", "sub.sinceDays", words)],
    ["follow.published", filter.until && limit(filter.until, "sub.before", "sub.beforeDays", words)],
    ["follow.shorts", filter.shorts === false && t("sub.noShorts")],
    ["follow.live", filter.live === "record" && t("sub.live.record")],
    ["follow.live", filter.live === "skip" && t("sub.live.skip")],
    ["follow.perCheck", filter.max_per_check != null && t("sub.perCheck", { n: filter.max_per_check })],
  ];
  return said.flatMap(([key, text]) => (text ? [{ key, text }] : []));
}

/** Reasons that need a value of the filter to be understood. */
function ofFilter(reason: string, filter: Filter, words: Words): string | undefined {
  const { t, locale } = words;
  const length = (value?: number | null) => span(value ?? 0, locale);
  switch (reason) {
    case "title":
      return t("why.title", { v: filter.title_include ?? "" });
    case "excluded":
      return t("why.excluded", { v: filter.title_exclude ?? "" });
    case "too_short":
      return t("why.too_short", { v: length(filter.min_duration) });
    case "too_long":
      return t("why.too_long", { v: length(filter.max_duration) });
    case "too_old":
      return filter.since ? limit(filter.since, "why.too_old", "why.tooOldDays", words) : t("why.too_old", { v: "" });
    case "live":
    case "upcoming":
      return t(filter.live === "skip" ? "why.liveSkipped" : `why.${reason}`);
    default:
      return undefined;
  }
}

const PLAIN = new Set([
  "new", "backfill", "filter", "requested", "quota_exceeded", "in_library", "short", "too_new", "no_duration", "no_date",
  "duration_unknown", "published_unknown", "never_again", "before_following", "older",
]); // biome-ignore format: a list of names

/** Why an entry is here or not, in one sentence. */
export function why(entry: Decided, filter: Filter, site: string, words: Words): string {
  const { t, explain } = words;
  const { decision, reason, state } = entry;
  if (decision === "done" && entry.trashed && entry.removed_at) return t("why.removed");
  if (decision === "done" && entry.trashed) return t("why.in_trash");
  if (decision === "done" && entry.item === null) return t("why.deleted");
  if (decision === "queued" && state === null && entry.download === null && reason !== "quota_exceeded")
    return t("why.turn");
  return (
    ofFilter(reason, filter, words) ?? (PLAIN.has(reason) ? t(`why.${reason}` as Key) : explain(reason, site).what)
  );
}
