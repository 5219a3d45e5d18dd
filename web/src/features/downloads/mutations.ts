/** Every change of downloads that the page requests of the server. The stream of events brings what follows. */
import { mutationOptions, type QueryClient } from "@tanstack/react-query";
import { call, codeOf, type ErrorCode } from "@/api/client";
import { answering } from "@/api/live";
import { downloadsQuery } from "@/api/queries";
import * as reduce from "@/api/reduce";
import type { ActionsDone, Download, Options } from "@/api/types";

const MOST = 1000; // downloads of one request
const AGAIN = 500; // ms between two tries of a retry
const TRIES = 20;

const PATHS = {
  retry: "/api/downloads/{id}/retry",
  pause: "/api/downloads/{id}/pause",
  resume: "/api/downloads/{id}/resume",
} as const;

type Verb = keyof typeof PATHS;
type Wish = { id: number; verb: Verb };

/** Requests it and puts the answer on the list. */
async function request(client: QueryClient, { id, verb }: Wish): Promise<void> {
  const answered = answering(client);
  answered(await call("POST", PATHS[verb], { path: { id } }));
}

export const actOnDownload = mutationOptions({
  mutationFn: (wish: Wish, { client }) => request(client, wish),
});

/** `keep`: what a recording has so far becomes an item, or is thrown away. */
export const cancelDownload = mutationOptions({
  mutationFn: async ({ id, keep }: { id: number; keep?: boolean }, { client }) => {
    const answered = answering(client);
    const body = keep === undefined ? null : { keep };
    answered(await call("POST", "/api/downloads/{id}/cancel", { path: { id }, body }));
  },
});

/** Undoes a cancel. A download that ran can be retried only once its work has ended. */
export const reviveDownload = mutationOptions({
  mutationFn: (id: number, { client }) => request(client, { id, verb: "retry" }),
  retry: (failures, error) => codeOf(error) === "wrong_state" && failures < TRIES,
  retryDelay: AGAIN,
});

/** Retries with a newer yt-dlp. */
export const updateAndRetry = mutationOptions({
  mutationFn: async (id: number, { client }) => {
    await call("POST", "/api/ytdlp", { body: { action: "update" } });
    await request(client, { id, verb: "retry" });
  },
});

/** The first one starts first. The stream of events brings the new order. */
export const orderDownloads = mutationOptions({
  mutationFn: (ids: readonly number[]) => call("PUT", "/api/downloads/order", { body: { ids: ids.slice(0, MOST) } }),
});

/** One action for many downloads, in one request for each 1000. Returns: what was refused. */
export const actOnDownloads = mutationOptions({
  mutationFn: async (
    { action, downloads }: { action: Verb | "cancel" | "clear"; downloads: readonly Download[] },
    { client },
  ) => {
    const all: ActionsDone["refused"] = [];
    for (let from = 0; from < downloads.length; from += MOST) {
      const ids = downloads.slice(from, from + MOST).map(({ id }) => id);
      const { refused } = await call("POST", "/api/downloads/actions", { body: { action, ids } });
      all.push(...refused);
      if (action !== "clear") continue;
      const kept = new Set(refused.map(({ id }) => id));
      const gone = new Set(ids.filter((id) => !kept.has(id)));
      client.setQueryData(downloadsQuery.queryKey, (list) => list?.filter(({ id }) => !gone.has(id)));
    }
    return all;
  },
});

export const clearDownload = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/downloads/{id}", { path: { id } }),
  onSuccess: (_data, id, _result, { client }) =>
    client.setQueryData(downloadsQuery.queryKey, (list) => list && reduce.remove(list, id)),
});

export type Refused = { url: string; code: ErrorCode };
type Links = { links: readonly string[]; folder: string; options: Options; preset: string };

/** Sends links one after the other, so that the queue has their order. Returns: the downloads, and what was refused. */
export const addDownloads = mutationOptions({
  mutationFn: async ({ links, folder, options, preset }: Links, { client }) => {
    const taken: Download[] = [];
    const refused: Refused[] = [];
    for (const url of links) {
      const answered = answering(client);
      try {
        const row = await call("POST", "/api/downloads", { body: { url, folder, options, preset: preset || null } });
        taken.push(row);
        answered(row);
      } catch (error) {
        refused.push({ url, code: codeOf(error) });
      }
    }
    return { taken, refused };
  },
});

/** For a download that a new one replaces: it may be gone already. */
export const forgetDownload = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/downloads/{id}", { path: { id } }),
  meta: { handles: "all" },
});

export const acceptYtDlp = mutationOptions({
  mutationFn: () => call("POST", "/api/ytdlp", { body: { action: "accept" } }),
  meta: { invalidates: [["settings", "/api/ytdlp"]] },
});
