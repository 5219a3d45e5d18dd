/** Apply an event to the list of downloads. Pure, so that it can be tested without a server. */
import type { Download, Progress } from "./types";

/** The order of the page: newest first. */
const newestFirst = (a: Download, b: Download) => b.id - a.id;

export function put(list: readonly Download[], changed: Download): Download[] {
  return [...list.filter((each) => each.id !== changed.id), changed].sort(newestFirst);
}

/** Downloads that were asked for, without those that are on the list: the list has news of these. */
export function add(list: readonly Download[], asked: readonly Download[]): Download[] {
  const listed = new Set(list.map(({ id }) => id));
  return [...list, ...asked.filter(({ id }) => !listed.has(id))].sort(newestFirst);
}

export function remove(list: readonly Download[], id: number): Download[] {
  return list.filter((each) => each.id !== id);
}

/** Progress of downloads that are not on the list is ignored: their `download` event is on its way. */
export function progress(list: readonly Download[], rows: readonly Progress[]): Download[] {
  const news = new Map(rows.map((row) => [row.id, row]));
  return list.map((each) => {
    const row = news.get(each.id);
    return row && each.state === "running" ? { ...each, ...row } : each;
  });
}

/** Bytes per second of everything that is being fetched now. */
export function speed(list: readonly Download[]): number {
  return list.reduce((sum, each) => (each.state === "running" ? sum + (each.speed ?? 0) : sum), 0);
}
