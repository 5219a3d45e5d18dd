/** The list of downloads, for the first request, the polls and what a snapshot of the stream leaves out. */
import { call } from "./client";
import * as reduce from "./reduce";
import type { Download } from "./types";

const PAGE = 200;
const MOST = 25; // pages of what has not ended
const NOT_ENDED = "queued,running,needs_action,paused,scheduled,expanded";

/** Yields what has not ended, newest first, page by page. `signal` ends it. */
export async function* pagesNotEnded(signal?: AbortSignal): AsyncGenerator<Download[]> {
  let cursor: string | undefined;
  for (let page = 0; page < MOST; page++) {
    const query = { state: NOT_ENDED, cursor, limit: PAGE };
    const answer = await call("GET", "/api/downloads", { query, signal });
    yield answer.downloads;
    if (answer.next === null) return;
    cursor = answer.next;
  }
}

/** Returns: the newest downloads, and every one that has not ended. */
export async function loadDownloads(signal?: AbortSignal): Promise<Download[]> {
  const { downloads, next } = await call("GET", "/api/downloads", { query: { limit: PAGE }, signal });
  let list: Download[] = downloads;
  if (next !== null) for await (const rows of pagesNotEnded(signal)) list = reduce.add(list, rows);
  return list;
}
