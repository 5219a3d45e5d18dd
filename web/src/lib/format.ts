/** Sizes, speeds and times in the words of a language. Sizes are decimal (1 MB = 1,000,000 bytes), as disks are sold. */
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;
const AGES = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** Each format once: to make one takes as long as to use it a hundred times, and a list uses it in every row. */
function once<Options, Format>(make: (locale: string, options: Options) => Format) {
  const made = new Map<string, Format>();
  return (locale: string, options: Options): Format => {
    const key = locale + JSON.stringify(options);
    const format = made.get(key) ?? make(locale, options);
    made.set(key, format);
    return format;
  };
}
const number = once((locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options));
const moment = once((locale, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options));
const relative = once(
  (locale, options: Intl.RelativeTimeFormatOptions) => new Intl.RelativeTimeFormat(locale, options),
);

/** `least` is the smallest unit: 1 for kilobytes. */
export function bytes(size: number, locale: string, least = 0): string {
  let step = least;
  let value = size / 1000 ** least;
  while (value >= 1000 && step < UNITS.length - 1) {
    value /= 1000;
    step++;
  }
  return number(locale, {
    style: "unit",
    unit: UNITS[step],
    unitDisplay: step === 0 ? "long" : "short", // "982 bytes": the short form has no plural
    maximumFractionDigits: value < 10 && step > 1 ? 1 : 0,
  }).format(value);
}

export const rate = (speed: number, locale: string) => `${bytes(speed, locale, 1)}/s`;
export const integer = (value: number, locale: string) => number(locale, {}).format(value);
export const percent = (part: number, locale: string) =>
  number(locale, { style: "percent", maximumFractionDigits: 0 }).format(part);

/** 1:02:03, or 2:03. */
export function clock(seconds: number): string {
  const all = Math.max(0, Math.round(seconds));
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const rest = String(all % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How long still: the two largest units. */
export function remaining(seconds: number, locale: string): string {
  const part = (value: number, unit: string) =>
    number(locale, { style: "unit", unit, unitDisplay: "narrow" }).format(Math.floor(value));
  const all = Math.ceil(seconds);
  if (all < 60) return part(all, "second");
  if (all < 3600) return `${part(all / 60, "minute")} ${part(all % 60, "second")}`;
  return `${part(all / 3600, "hour")} ${part((all % 3600) / 60, "minute")}`;
}

/** "2 days ago", "in 5 minutes". */
export function ago(time: string, locale: string, now = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const format = relative(locale, { numeric: "auto", style: "short" });
  for (const [unit, length] of AGES)
    if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
  return format.format(0, "second");
}

/** "20:00" today, "2 Dec, 20:00" on another day. */
export function timeOf(time: string, locale: string, now = new Date()): string {
  const at = new Date(time);
  const today = at.toDateString() === now.toDateString();
  return moment(
    locale,
    today ? { timeStyle: "short" } : { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
  ).format(at);
}

/** A unit by its name in a language: "GB", "Go". */
export const unitName = (unit: string, locale: string) =>
  number(locale, { style: "unit", unit, unitDisplay: "short" })
    .formatToParts(1)
    .find(({ type }) => type === "unit")?.value ?? unit;

export const date = (time: string, locale: string) =>
  moment(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
/** "Today", "Yesterday", or the day. */
export function dayOf(time: string, locale: string, now = new Date()): string {
  const at = new Date(time);
  const midnight = (of: Date) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
  const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
  if (days < -1 || days > 0) return moment(locale, { dateStyle: "full" }).format(at);
  const name = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day");
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}

/** The day of a time in UTC: a day without a time is stored as its midnight. */
export const day = (time: string, locale: string) =>
  moment(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(time));
