import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowUpFromLine, History } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { Card, Field } from "./card";
import { orderYtDlp } from "./mutations";
import { BUSY, listedQuery } from "./queries";

/** The part that knows the sites: its version, a newer one, the one before; for administrators. */
export function YtDlp() {
  const { t, explain } = useI18n();
  const { data, isLoadingError } = useQuery({
    ...listedQuery("/api/ytdlp"),
    refetchInterval: ({ state }) => (state.data?.updating ? BUSY : false),
  });
  const order = useMutation(orderYtDlp);
  if (isLoadingError) return null;
  return (
    <Card id="ytdlp" title="yt-dlp" hint={t("set.ytdlpHint")}>
      {data ? (
        <>
          <Field
            label={t("set.ytdlpVersion", { v: data.version })}
            hint={
              (data.failure && explain(data.failure).what) ??
              (data.updating || data.trying
                ? t("set.ytdlpUpdating")
                : data.offered
                  ? t("set.ytdlpHelped", { v: data.offered, site: data.offered_site ?? "" })
                  : data.latest && data.latest !== data.version
                    ? t("set.ytdlpNewer", { v: data.latest })
                    : data.managed
                      ? t("set.ytdlpManaged")
                      : t("set.ytdlpBuiltIn"))
            }
          >
            {() => (
              <span className="flex flex-wrap items-center gap-2">
                {data.error && <Badge tone="bad">{t("state.failed")}</Badge>}
                {data.previous && (
                  <Button variant="outline" size="sm" onClick={() => order.mutate({ action: "rollback" })}>
                    <History />
                    {t("set.ytdlpBack", { v: data.previous })}
                  </Button>
                )}
                <Button
                  size="sm"
                  disabled={data.updating}
                  onClick={() => order.mutate({ action: data.offered ? "accept" : "update" })}
                >
                  <ArrowUpFromLine />
                  {data.offered ? t("set.ytdlpTo", { v: data.offered }) : t("set.ytdlpUpdate")}
                </Button>
              </span>
            )}
          </Field>
          <Field label={t("set.channel")} hint={t("set.channelHint")}>
            {() => (
              <Select
                label={t("set.channel")}
                className="w-44"
                value={data.channel}
                onChange={(channel) => order.mutate({ action: "update", channel })}
                items={(["stable", "nightly"] as const).map((value) => ({ value, label: t(`set.channel.${value}`) }))}
              />
            )}
          </Field>
          <Provider />
        </>
      ) : (
        <Skeleton className="h-16 rounded-none" />
      )}
    </Card>
  );
}

/** The PO token provider, if the configuration names one. */
function Provider() {
  const { t } = useI18n();
  const { data } = useQuery(listedQuery("/api/ytdlp/token-provider"));
  if (!data) return null;
  return (
    <Field
      label={t("set.tokenProvider")}
      hint={data.url ? `${data.url} ${data.version ?? ""}` : t("set.tokenProviderHint")}
    >
      {() => (
        <Badge tone={data.state === "unavailable" ? "bad" : data.state === "available" ? "ok" : "muted"}>
          {t(`set.tokenProvider.${data.state}`)}
        </Badge>
      )}
    </Field>
  );
}
