import { resumeAt } from "./position";

test.each([
  [null, false, 0],
  [3, false, 0],
  [42, false, 42],
  [96, true, 0],
])("left at %s s, watched %s: begins at %s", (position, watched, start) =>
  expect(resumeAt({ position, watched })).toBe(start),
);
