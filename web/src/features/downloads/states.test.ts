import type { Download } from "@/api/types";
import { inLists } from "./states";

const download = (id: number, parent: number | null = null) => ({ id, parent }) as Download;
const ids = (downloads: readonly Download[]) => downloads.map(({ id }) => id);

test("the entries of a list are below its row, in their order, also those of another view", () => {
  const [list, first, second, single] = [download(1), download(2, 1), download(3, 1), download(4)];
  const { top, entriesOf } = inLists([single, first, list], [single, second, first, list]);
  expect(ids(top)).toEqual([4, 1]);
  expect(ids(entriesOf(list))).toEqual([2, 3]);
  expect(entriesOf(single)).toEqual([]);
});

test("an entry whose list is in another view stands for itself", () => {
  const [list, entry] = [download(1), download(2, 1)];
  expect(ids(inLists([entry], [list, entry]).top)).toEqual([2]);
});
