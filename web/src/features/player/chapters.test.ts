import { chapterAt } from "./chapters";

const CHAPTERS = [
  { start: 0, title: "Cold open" },
  { start: 23, title: "The coast" },
  { start: 45.5, title: "City lights" },
];

test.each([
  [0, 0],
  [22.9, 0],
  [22.97, 1], // where a jump to 23 lands
  [44, 1],
  [600, 2],
])("at %s s it is chapter %s", (time, chapter) => expect(chapterAt(CHAPTERS, time)).toBe(chapter));

test("before the first there is none", () => {
  expect(chapterAt([{ start: 5, title: "Late" }], 1)).toBe(-1);
  expect(chapterAt([], 1)).toBe(-1);
});
