/** Options of a list, as the form keeps them and as the server expects them. */
import type { Backfill, Filter } from "@/api/types";

export type Begin = "new" | "last" | "all";

/** A filter as texts of a form; "" is no wish. Lengths are minutes. */
export type FilterForm = {
  include: string;
  exclude: string;
  min: string;
  max: string;
  since: string;
  until: string;
  shorts: boolean;
  live: "wait" | "record" | "skip";
  perCheck: string;
};

const number = (text: string) => (text.trim() === "" ? null : Number(text.replace(",", ".")));
const minutes = (text: string) => {
  const value = number(text);
  return value === null ? null : Math.round(value * 60);
};
const shown = (seconds?: number | null) => (seconds == null ? "" : String(Math.round((seconds / 60) * 100) / 100));

export const formOf = (filter: Filter): FilterForm => ({
  include: filter.title_include ?? "",
  exclude: filter.title_exclude ?? "",
  min: shown(filter.min_duration),
  max: shown(filter.max_duration),
  since: filter.since ?? "",
  until: filter.until ?? "",
  shorts: filter.shorts ?? true,
  live: filter.live ?? "wait",
  perCheck: filter.max_per_check == null ? "" : String(filter.max_per_check),
});

export function filterOf(form: FilterForm): Filter {
  const filter: Filter = { shorts: form.shorts, live: form.live };
  if (form.include) filter.title_include = form.include;
  if (form.exclude) filter.title_exclude = form.exclude;
  if (minutes(form.min) !== null) filter.min_duration = minutes(form.min);
  if (minutes(form.max) !== null) filter.max_duration = minutes(form.max);
  if (form.since) filter.since = form.since;
  if (form.until) filter.until = form.until;
  if (number(form.perCheck) !== null) filter.max_per_check = number(form.perCheck);
  return filter;
}

/** Whether the server would take these numbers; a pattern only the server can judge. */
export function isValid(form: FilterForm): boolean {
  const lengths = [form.min, form.max].map(number);
  const limit = number(form.perCheck);
  return (
    lengths.every((each) => each === null || (each >= 0 && each <= 43_200)) &&
    (limit === null || (Number.isInteger(limit) && limit >= 1 && limit <= 5000))
  );
}

export const backfillOf = (begin: Begin, last: number): "new" | "all" | Backfill =>
  begin === "last" ? { last } : begin;

/** The number of days of an age such as "30d"; undefined for a day. */
export const daysOf = (time: string): number | undefined => {
  const found = /^(\d{1,5})d$/.exec(time);
  return found ? Number(found[1]) : undefined;
};
