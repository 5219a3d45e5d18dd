import type { Folder } from "@/api/types";
import { above, isInside, joined, parentPath, rowsOf } from "./rows";

const folder = (id: number, path: string, parent: number | null): Folder => ({
  id,
  path,
  parent,
  name: path.split("/").at(-1) ?? "",
  count: 0,
  total: 0,
});
const FOLDERS = [
  folder(1, "Music", null),
  folder(2, "Music/Live", 1),
  folder(3, "Art", null),
  folder(4, "Music/Live/2026", 2),
];

test("closed folders hide what is below them; names are in order", () => {
  expect(rowsOf(FOLDERS, new Set()).map(({ name }) => name)).toEqual(["Art", "Music"]);
  expect(rowsOf(FOLDERS, new Set([1])).map(({ name, level }) => [name, level])).toEqual([
    ["Art", 1],
    ["Music", 1],
    ["Live", 2],
  ]);
});

test("what must be open to see a folder", () => expect(above(FOLDERS, "Music/Live/2026")).toEqual([1, 2]));

test("paths", () => {
  expect(parentPath("A/B/C")).toBe("A/B");
  expect(parentPath("A")).toBe("");
  expect(joined("", "A")).toBe("A");
  expect(joined("A", "B")).toBe("A/B");
  expect(isInside("Music", "Mus")).toBe(false);
  expect(isInside("Music/Live", "Music")).toBe(true);
});
