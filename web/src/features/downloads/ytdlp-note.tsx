import { useMutation, useQuery } from "@tanstack/react-query";
import { Sparkles } from "lucide-react";
import { sessionQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { acceptYtDlp } from "./mutations";
import { offerQuery } from "./queries";

/** Offers the newer yt-dlp that mended a download of a site, to those who may say so. `ended`: asks again when it changes. */
export function YtDlpNote({ ended }: { ended: number }) {
  const { t } = useI18n();
  const accept = useMutation(acceptYtDlp);
  const { data } = useQuery({ ...offerQuery(ended), enabled: !!useQuery(sessionQuery).data?.user?.admin });
  if (!data?.offered) return null;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-3 rounded-xl border border-primary/40 bg-primary/8 p-4"
    >
      <Sparkles className="size-5 shrink-0 text-primary-text" />
      <p className="min-w-0 flex-1 basis-64 text-pretty">
        {t("dash.ytdlpHelps", { site: data.offered_site ?? "", v: data.offered })}
      </p>
      <Button size="sm" disabled={accept.isPending} onClick={() => accept.mutate()}>
        {t("dash.ytdlpUse")}
      </Button>
    </div>
  );
}
