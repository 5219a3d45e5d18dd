import { Link } from "@tanstack/react-router";
import { useLive, useSpeeds } from "@/api/live";
import { useDownloads, useSystem } from "@/api/queries";
import { useI18n } from "@/i18n";
import { bytes, rate } from "@/lib/format";
import { cn } from "@/lib/utils";

/** The corner of the sidebar: connection, speed, free space. */
export function Status() {
  const { t, locale } = useI18n();
  const live = useLive();
  const speed = useSpeeds().at(-1) ?? 0;
  const active = useDownloads().data?.filter((each) => each.state === "running").length ?? 0;
  const mount = useSystem().data?.mount;
  const used = mount?.total && mount.free !== null ? mount.total - mount.free : undefined;
  return (
    <Link to="/downloads" className="mt-2 block rounded-lg border bg-card/60 p-3 text-xs hover:bg-card">
      <span className="flex items-center gap-2">
        <span className={cn("size-1.5 rounded-full", live === false ? "bg-warn" : "bg-ok")} />
        <span className="text-muted-foreground">{t(live === false ? "app.polling" : "app.online")}</span>
        <span className="num ml-auto font-medium">{rate(speed, locale)}</span>
      </span>
      <span className="mt-1 block text-muted-foreground">{t("dash.active", { n: active })}</span>
      {!!mount?.total && used !== undefined && (
        <>
          <span aria-hidden className="mt-2.5 block h-1 overflow-hidden rounded-full bg-input">
            <span
              className="block h-full rounded-full bg-muted-foreground/60"
              style={{ width: `${(100 * used) / mount.total}%` }}
            />
          </span>
          <span className="mt-1.5 block text-muted-foreground">
            {t("set.used", { u: bytes(used, locale), t: bytes(mount.total, locale) })}
          </span>
        </>
      )}
    </Link>
  );
}
