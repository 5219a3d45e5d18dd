import { ago, bytes, clock, dayOf, percent, rate, remaining } from "./format";

/** Intl writes narrow and no-break spaces; for reading they are spaces. */
const plain = (text: string) => text.replace(/\s/g, " ");

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1500, "2 kB"],
  [1_540_000, "1.5 MB"],
  [15_400_000, "15 MB"],
  [2_000_000_000_000, "2 TB"],
])("bytes(%i) is %s", (size, words) => expect(bytes(size, "en")).toBe(words));

test("sizes and speeds in French", () => {
  expect(plain(bytes(1_540_000, "fr"))).toBe("1,5 Mo");
  expect(plain(rate(23_000_000, "fr"))).toBe("23 Mo/s");
});

test("a speed is never in bytes", () => expect(rate(0, "en")).toBe("0 kB/s"));

test.each([
  [0, "0:00"],
  [59.6, "1:00"],
  [754, "12:34"],
  [3600, "1:00:00"],
  [-1, "0:00"],
])("clock(%d) is %s", (seconds, words) => expect(clock(seconds)).toBe(words));

test.each([
  [0.4, "1s"],
  [61, "1m 1s"],
  [3599, "59m 59s"],
  [7260, "2h 1m"],
])("remaining(%d) is %s", (seconds, words) => expect(remaining(seconds, "en")).toBe(words));

test("ago takes the largest unit that fits, and knows the future", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  expect(ago("2026-11-22T11:59:58Z", "en", now)).toBe("now");
  expect(ago("2026-11-20T12:00:00Z", "en", now)).toBe("2 days ago");
  expect(ago("2026-11-22T12:05:00Z", "en", now)).toBe("in 5 min.");
});

test("percent", () => expect(percent(0.724, "en")).toBe("72%"));

test("a day is named as long as it has a name", () => {
  const now = new Date(2026, 10, 30, 0, 30);
  const named = (day: number, hour: number, locale = "en") =>
    dayOf(new Date(2026, 10, day, hour).toISOString(), locale, now);
  expect(named(30, 0)).toBe("Today");
  expect(named(29, 23)).toBe("Yesterday");
  expect(named(29, 23, "de")).toBe("Gestern");
  expect(named(28, 12)).toBe("Saturday, November 28, 2026");
});
