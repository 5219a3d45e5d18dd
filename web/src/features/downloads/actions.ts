import { useQueryClient } from "@tanstack/react-query";
import { call, codeOf } from "@/api/client";
import { keys } from "@/api/keys";
import { answering } from "@/api/live";
import * as reduce from "@/api/reduce";
import type { Download } from "@/api/types";
import { useFailure } from "@/components/failure";

export type Verb = "cancel" | "retry" | "pause" | "resume";

/** What may be asked of a download. The answer goes into the cache; the stream says the rest. */
export function useActions() {
  const cache = useQueryClient();
  const fail = useFailure();
  const ask = async (...request: Parameters<typeof call>) => {
    const answered = answering(cache);
    answered(await call<Download>(...request));
  };
  return {
    async act(download: Download, verb: Verb) {
      try {
        await ask("POST", `/api/downloads/${download.id}/${verb}`);
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
          return await ask("POST", `/api/downloads/${download.id}/retry`);
        } catch (error) {
          if (codeOf(error) !== "wrong_state" || tries > 20) return fail(error);
          await new Promise((done) => setTimeout(done, 500));
        }
      }
    },
    /** A newer yt-dlp first, then again. The server says by its events how it goes. */
    async renew(download: Download) {
      try {
        await call("POST", "/api/ytdlp", { action: "update" });
        await ask("POST", `/api/downloads/${download.id}/retry`);
      } catch (error) {
        fail(error);
      }
    },
    async prioritise(download: Download, priority: number) {
      try {
        await ask("PATCH", `/api/downloads/${download.id}`, { priority });
      } catch (error) {
        fail(error);
      }
    },
    async clear(download: Download) {
      try {
        await call("DELETE", `/api/downloads/${download.id}`);
        cache.setQueryData<Download[]>(keys.downloads, (list) => list && reduce.remove(list, download.id));
      } catch (error) {
        fail(error);
      }
    },
  };
}
