import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Sparkles } from "lucide-react";
import { useState } from "react";
import { call } from "@/api/client";
import { useSession } from "@/api/queries";
import { useFailure } from "@/components/failure";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";

const PATH = "/api/ytdlp";

/** Offers the newer yt-dlp that mended a download of a site, to those who may say so. `ended`: asks again when it changes. */
export function YtDlpNote({ ended }: { ended: number }) {
  const { t } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const [busy, setBusy] = useState(false);
  const { data } = useQuery({
    queryKey: ["settings", PATH, ended],
    queryFn: () => call("GET", PATH),
    enabled: !!useSession().data?.user?.admin,
    placeholderData: (before) => before,
  });
  if (!data?.offered) return null;
  async function accept() {
    setBusy(true);
    try {
      await call("POST", PATH, { body: { action: "accept" } });
    } catch (error) {
      fail(error);
    } finally {
      setBusy(false);
      void cache.invalidateQueries({ queryKey: ["settings", PATH] });
    }
  }
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-3 rounded-xl border border-primary/40 bg-primary/8 p-4"
    >
      <Sparkles className="size-5 shrink-0 text-primary-text" />
      <p className="min-w-0 flex-1 basis-64 text-pretty">
        {t("dash.ytdlpHelps", { site: data.offered_site ?? "", v: data.offered })}
      </p>
      <Button size="sm" disabled={busy} onClick={() => void accept()}>
        {t("dash.ytdlpUse")}
      </Button>
    </div>
  );
}
