import { en } from "@/i18n/en";
import { enErrors } from "@/i18n/en-errors";
import { makeExplain, makeT } from "@/i18n/index";
import { type Decided, span, why, wishesInWords } from "./reasons";
import { backfillOf, filterOf, formOf, isValid } from "./wishes";

const words = { t: makeT(en, "en"), explain: makeExplain(enErrors, "this site"), locale: "en" };
const of = (decision: Decided["decision"], reason: string, more: Partial<Decided> = {}): Decided => ({
  decision,
  reason,
  item: null,
  ...more,
});

test("a filter becomes a form and the same filter again", () => {
  const filter = {
    title_include: "a|b",
    title_exclude: "c",
    min_duration: 90,
    max_duration: 3600,
    since: "30d",
    until: "2026-01-31",
    shorts: false,
    live: "record" as const,
    max_per_check: 5,
  };
  expect(filterOf(formOf(filter))).toEqual(filter);
  expect(filterOf(formOf({}))).toEqual({ shorts: true, live: "wait" });
  expect(formOf(filter).min).toBe("1.5");
});

test("numbers that the server would refuse are not sent", () => {
  const form = formOf({});
  expect(isValid({ ...form, min: "5", max: "1,5", perCheck: "10" })).toBe(true);
  for (const wrong of [{ min: "-1" }, { max: "x" }, { perCheck: "0" }, { perCheck: "1.5" }])
    expect(isValid({ ...form, ...wrong })).toBe(false);
});

test("what to begin with is a word or a number", () => {
  expect([backfillOf("new", 5), backfillOf("all", 5), backfillOf("last", 5)]).toEqual(["new", "all", { last: 5 }]);
});

test("lengths have the unit that reads best", () => {
  expect([span(38, "en"), span(300, "en"), span(5400, "en"), span(9000, "en")]).toEqual([
    "38 sec",
    "5 min",
    "90 min",
    "2.5 hr",
  ]);
});

test("the wishes of a filter are said in a few words each", () => {
  const filter = { min_duration: 300, title_exclude: "trailer", since: "2026-01-01", shorts: false };
  expect(wishesInWords(filter, words).map(({ text }) => text)).toEqual([
    "5 min or more",
    "without “trailer”",
    "since Jan 1, 2026",
    "no shorts",
  ]);
  expect(wishesInWords({}, words)).toEqual([]);
});

test("a long time has no fraction, a short one has", () => {
  expect([90, 2687, 9000, 86_300].map((seconds) => span(seconds, "en"))).toEqual([
    "1.5 min",
    "45 min",
    "2.5 hr",
    "24 hr",
  ]);
});

test("every decision has a sentence that answers why", () => {
  const filter = { min_duration: 300, since: "90d", title_exclude: "trailer" };
  const says = (entry: Decided) => why(entry, filter, "site.test", words);
  expect(says(of("skipped", "too_short"))).toBe("Shorter than 5 min");
  expect(says(of("skipped", "too_old"))).toBe("Published more than 90 days ago");
  expect(says(of("skipped", "excluded"))).toBe("Title contains “trailer”");
  expect(says(of("done", "new"))).toBe("You deleted it. It is not downloaded again.");
  expect(says(of("done", "new", { item: 1, trashed: true }))).toBe("In the trash. It is not downloaded again.");
  expect(says(of("done", "in_library", { item: 1 }))).toBe("Already in your library");
  expect(says(of("queued", "new", { state: null, download: null }))).toBe("Waits for the next check");
  expect(says(of("queued", "quota_exceeded", { state: null, download: null }))).toBe("Waits for space in your quota");
  expect(says(of("ignored", "before_following"))).toBe("Existed before you followed it");
  expect(says(of("blocked", "members_only"))).toBe("This is for members only");
  expect(why(of("skipped", "live"), { live: "skip" }, "site.test", words)).toBe("A live stream");
});
