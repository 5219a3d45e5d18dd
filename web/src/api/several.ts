/** Many items in one request: the server changes all of them or none. */
import { call } from "./client";
import type { Changed, Deletion, SeveralTrashed } from "./types";

const MOST = 1000; // items of one change

/** The answers of each part of so many items as the server takes at once; mostly that is one. */
async function parts<T>(path: string, ids: readonly number[], more: { folder?: string } = {}): Promise<T[]> {
  const answers: T[] = [];
  for (let from = 0; from < ids.length; from += MOST)
    answers.push(await call<T>("POST", path, { items: ids.slice(from, from + MOST), ...more }));
  return answers;
}

const counted = async (answers: Promise<Changed[]>) => (await answers).reduce((sum, { count }) => sum + count, 0);

/** How many are in that folder now that were not. */
export const moveItems = (ids: readonly number[], folder: string) => counted(parts("/api/items/move", ids, { folder }));
/** How many entries are new there. */
export const copyItems = (ids: readonly number[], folder: string) => counted(parts("/api/items/copy", ids, { folder }));
export const restoreItems = (ids: readonly number[]) => counted(parts("/api/items/restore", ids));

/** How many went, and the bytes that go when they go for good. */
export async function trashItems(ids: readonly number[]): Promise<{ count: number; frees: number }> {
  const answers = await parts<SeveralTrashed>("/api/items/trash", ids);
  const sum = (name: "count" | "frees") => answers.reduce((all, answer) => all + answer[name], 0);
  return { count: sum("count"), frees: sum("frees") };
}

/** What removing these for good would do; no ids: all that is in the trash. */
export const meaningOf = (ids?: readonly number[]) =>
  call<Deletion>(
    "GET",
    ids?.length === 1
      ? `/api/items/${ids[0]}/deletion`
      : `/api/trash/deletion${ids ? `?items=${ids.slice(0, MOST).join(",")}` : ""}`,
  );
