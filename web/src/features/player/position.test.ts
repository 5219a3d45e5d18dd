import { resumeAt } from "./position";

test.each([
  [null, 100, 0],
  [3, 100, 0],
  [42, 100, 42],
  [96, 100, 0],
  [42, null, 42],
])("left at %s of %s s: begins at %s", (position, duration, start) =>
  expect(resumeAt({ position, duration })).toBe(start),
);
