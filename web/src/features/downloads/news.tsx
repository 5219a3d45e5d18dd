/** Changes of downloads, shown on every page: a toast when one is ready, the number of running ones in the title. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { keys } from "@/api/keys";
import { useDownloads } from "@/api/queries";
import type { Download } from "@/api/types";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { nameOf } from "./states";

export function useDownloadNews() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const tell = useEffectEvent((before: readonly Download[], now: readonly Download[]) => {
    const states = new Map(before.map(({ id, state }) => [id, state]));
    for (const download of now) {
      const was = states.get(download.id);
      if (was === undefined || was === download.state || download.kind === "playlist") continue;
      if (download.state === "done" && download.item)
        toast(t("job.ready"), {
          description: nameOf(download),
          action: {
            label: t("job.open"),
            onClick: () => void navigate({ to: "/watch/$id", params: { id: String(download.item) } }),
          },
        });
      if (download.state === "failed" || download.state === "needs_action")
        toast(t(`state.${download.state}`), { description: nameOf(download), type: "bad" });
    }
  });
  useEffect(() => {
    let before = cache.getQueryData<Download[]>(keys.downloads);
    return cache.getQueryCache().subscribe(({ query }) => {
      if (query.queryKey[0] !== keys.downloads[0]) return;
      const now = query.state.data as Download[] | undefined;
      if (now === before) return;
      if (before && now) tell(before, now);
      before = now;
    });
  }, [cache]);
}

/** How many run now: "(2)" before the title of the page. */
export const useRunning = () =>
  useDownloads().data?.filter(({ state, kind }) => state === "running" && kind === "media").length ?? 0;
