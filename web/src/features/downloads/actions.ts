import { useQueryClient } from "@tanstack/react-query";
import { ApiError, call, codeOf, type ErrorCode } from "@/api/client";
import { keys } from "@/api/keys";
import { answering } from "@/api/live";
import * as reduce from "@/api/reduce";
import type { Download } from "@/api/types";
import { useFailure } from "@/components/failure";

const MOST = 1000; // downloads of one request

export type Verb = "cancel" | "retry" | "pause" | "resume";
const VERBS = {
  cancel: "/api/downloads/{id}/cancel",
  retry: "/api/downloads/{id}/retry",
  pause: "/api/downloads/{id}/pause",
  resume: "/api/downloads/{id}/resume",
} as const;

/** What may be asked of a download. The answer goes into the cache; the stream says the rest. */
export function useActions() {
  const cache = useQueryClient();
  const fail = useFailure();
  const ask = async ({ id }: Download, verb: Verb, body: { keep: boolean } | null = null) => {
    const answered = answering(cache);
    const path = { id };
    answered(
      await (verb === "cancel" ? call("POST", VERBS[verb], { path, body }) : call("POST", VERBS[verb], { path })),
    );
  };
  return {
    async act(download: Download, verb: Verb) {
      try {
        await ask(download, verb);
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    },
    /** Ends a recording. `keep`: what was recorded becomes an item, else it is thrown away. */
    async endRecording(download: Download, keep: boolean) {
      try {
        await ask(download, "cancel", { keep });
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    },
    /** Undo of a cancel: one that was running is only free again when its work has really ended. */
    async revive(download: Download) {
      for (let tries = 0; ; tries++) {
        try {
          return await ask(download, "retry");
        } catch (error) {
          if (codeOf(error) !== "wrong_state" || tries > 20) return fail(error);
          await new Promise((done) => setTimeout(done, 500));
        }
      }
    },
    /** A newer yt-dlp first, then again. The server says by its events how it goes. */
    async renew(download: Download) {
      try {
        await call("POST", "/api/ytdlp", { body: { action: "update" } });
        await ask(download, "retry");
      } catch (error) {
        fail(error);
      }
    },
    /** The first one starts first. The stream of events brings the new order. */
    async order(ids: readonly number[]) {
      try {
        await call("PUT", "/api/downloads/order", { body: { ids } });
      } catch (error) {
        fail(error);
      }
    },
    /** One action for many downloads, in one request for each 1000. */
    async several(action: Verb | "clear", downloads: readonly Download[]) {
      try {
        for (let from = 0; from < downloads.length; from += MOST) {
          const ids = downloads.slice(from, from + MOST).map(({ id }) => id);
          const { refused } = await call("POST", "/api/downloads/actions", { body: { action, ids } });
          const [first] = refused;
          if (first) fail(new ApiError(first.reason.code as ErrorCode, 409, first.reason.message));
          if (action !== "clear") continue;
          const kept = new Set(refused.map(({ id }) => id));
          const gone = new Set(ids.filter((id) => !kept.has(id)));
          cache.setQueryData<Download[]>(keys.downloads, (list) => list?.filter(({ id }) => !gone.has(id)));
        }
      } catch (error) {
        fail(error);
      }
    },
    async clear(download: Download) {
      try {
        await call("DELETE", "/api/downloads/{id}", { path: { id: download.id } });
        cache.setQueryData<Download[]>(keys.downloads, (list) => list && reduce.remove(list, download.id));
      } catch (error) {
        fail(error);
      }
    },
  };
}
