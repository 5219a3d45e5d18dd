import { marked, matches } from "./match";

test("every typed word must be found, in any order, case and accents aside", () => {
  expect(matches("Cities / Night Lines", "lines cit")).toBe(true);
  expect(matches("Élan vital", "elan")).toBe(true);
  expect(matches("Night Lines", "night ferry")).toBe(false);
  expect(matches("anything", "")).toBe(true);
});

test("the found parts are the odd ones, and all parts together are the text", () => {
  expect(marked("Night ferry, nightly", "night")).toEqual(["", "Night", " ferry, ", "night", "ly"]);
  expect(marked("L’Élan", "elan")).toEqual(["L’", "Élan"]);
  expect(marked("🚋 tram", "tram")).toEqual(["🚋 ", "tram"]);
  expect(marked("plain", "")).toEqual(["plain"]);
  expect(marked("aaa", "aa")).toEqual(["", "aaa"]);
});
