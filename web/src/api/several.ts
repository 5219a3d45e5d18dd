/** Many items in one request: the server changes all of them or none. */
import { call } from "./client";
import type { Changed, Deletion } from "./types";

const MOST = 1000; // items of one change

/** The answers of each part of so many items as the server takes at once; mostly that is one. */
async function parts<T>(ids: readonly number[], ask: (items: number[]) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let from = 0; from < ids.length; from += MOST) answers.push(await ask(ids.slice(from, from + MOST)));
  return answers;
}

const counted = async (answers: Promise<Changed[]>) => (await answers).reduce((sum, { count }) => sum + count, 0);

/** How many are in that folder now that were not. */
export const moveItems = (ids: readonly number[], folder: string) =>
  counted(parts(ids, (items) => call("POST", "/api/items/move", { body: { items, folder } })));
/** How many entries are new there. */
export const copyItems = (ids: readonly number[], folder: string) =>
  counted(parts(ids, (items) => call("POST", "/api/items/copy", { body: { items, folder } })));
export const restoreItems = (ids: readonly number[]) =>
  counted(parts(ids, (items) => call("POST", "/api/items/restore", { body: { items } })));

export const markWatched = (ids: readonly number[], watched: boolean) =>
  counted(parts(ids, (items) => call("POST", "/api/items/watched", { body: { items, watched } })));

/** How many went, and the bytes that go when they go for good. */
export async function trashItems(ids: readonly number[]): Promise<{ count: number; frees: number }> {
  const answers = await parts(ids, (items) => call("POST", "/api/items/trash", { body: { items } }));
  const sum = (name: "count" | "frees") => answers.reduce((all, answer) => all + answer[name], 0);
  return { count: sum("count"), frees: sum("frees") };
}

/** Preview of a permanent removal. Without ids: of the whole trash. */
export function meaningOf(ids?: readonly number[]): Promise<Deletion> {
  const [only] = ids ?? [];
  return ids?.length === 1 && only !== undefined
    ? call("GET", "/api/items/{id}/deletion", { path: { id: only } })
    : call("GET", "/api/trash/deletion", { query: { items: ids?.slice(0, MOST).join(",") } });
}
