import { useQueryClient } from "@tanstack/react-query";
import { call, codeOf } from "@/api/client";
import { keys } from "@/api/keys";
import * as reduce from "@/api/reduce";
import type { Download } from "@/api/types";
import { useFailure } from "@/components/failure";

export type Verb = "cancel" | "retry" | "pause" | "resume";

/** What may be asked of a download. The answer goes into the cache; the stream says the rest. */
export function useActions() {
  const cache = useQueryClient();
  const fail = useFailure();
  const change = (apply: (list: Download[]) => Download[]) =>
    cache.setQueryData<Download[]>(keys.downloads, (list) => list && apply(list));
  return {
    async act(download: Download, verb: Verb) {
      try {
        const after = await call<Download>("POST", `/api/downloads/${download.id}/${verb}`);
        change((list) => reduce.put(list, after));
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
          const after = await call<Download>("POST", `/api/downloads/${download.id}/retry`);
          return change((list) => reduce.put(list, after));
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
        const after = await call<Download>("POST", `/api/downloads/${download.id}/retry`);
        change((list) => reduce.put(list, after));
      } catch (error) {
        fail(error);
      }
    },
    async prioritise(download: Download, priority: number) {
      try {
        const after = await call<Download>("PATCH", `/api/downloads/${download.id}`, { priority });
        change((list) => reduce.put(list, after));
      } catch (error) {
        fail(error);
      }
    },
    async clear(download: Download) {
      try {
        await call("DELETE", `/api/downloads/${download.id}`);
        change((list) => reduce.remove(list, download.id));
      } catch (error) {
        fail(error);
      }
    },
  };
}
