import { useSpeeds } from "@/api/live";
import { useSystem } from "@/api/queries";
import type { Download } from "@/api/types";
import { useI18n } from "@/i18n";
import { bytes, percent, rate } from "@/lib/format";
import { cn } from "@/lib/utils";
import { partOf } from "./states";

const BIG = "num text-xl font-semibold tracking-tight sm:text-2xl";
const SMALL = "block text-sm font-normal text-muted-foreground lg:inline";

/** Speed, downloads, storage. */
export function Stats({ downloads }: { downloads: Download[] }) {
  const { t, locale } = useI18n();
  const speeds = useSpeeds();
  const system = useSystem().data;
  const [speed, unit] = rate(speeds.at(-1) ?? 0, locale).split(/\s(?=\S+$)/);
  const mount = system?.mount;
  const transcode = system?.transcode;
  const count = (part: string) => downloads.filter((each) => partOf(each) === part).length;
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-xl border bg-card sm:grid-cols-3 lg:grid-cols-[1.6fr_1fr_1fr_1fr]">
      <div className="col-span-2 border-b p-4 sm:col-span-3 lg:col-span-1 lg:border-r lg:border-b-0">
        <dt className="eyebrow">{t("dash.speed")}</dt>
        <dd className="flex items-end gap-4">
          <span className={cn(BIG, "w-28 shrink-0 whitespace-nowrap")}>
            {speed} <span className="text-sm font-normal text-muted-foreground">{unit}</span>
          </span>
          <span className="-mt-4 min-w-0 flex-1">
            <Spark values={speeds} />
          </span>
        </dd>
      </div>
      <div className="border-r p-4">
        <dt className="eyebrow">{t("dash.downloads")}</dt>
        <dd className={BIG}>
          {t("dash.active", { n: count("active") })}{" "}
          <span className={SMALL}>{t("dash.waiting", { n: count("queue") })}</span>
        </dd>
      </div>
      <div className="p-4 sm:border-r">
        <dt className="eyebrow">{t("dash.converting")}</dt>
        <dd className={BIG}>
          {transcode?.running ? (
            <>
              {percent(transcode.cpu, locale)}{" "}
              <span className={SMALL}>{t("dash.memory", { v: bytes(transcode.memory, locale) })}</span>
            </>
          ) : (
            <>
              0 <span className={SMALL}>{t("dash.noCpu")}</span>
            </>
          )}
        </dd>
      </div>
      <div className="col-span-2 border-t p-4 sm:col-span-1 sm:border-t-0">
        <dt className="eyebrow flex items-center gap-1.5">
          {t("dash.disk")}
          {mount && (
            <span className={cn("size-1.5 rounded-full", mount.state === "online" ? "bg-ok" : "bg-warn")}>
              <span className="sr-only">{t(`mount.${mount.state}`)}</span>
            </span>
          )}
        </dt>
        <dd className={cn(BIG, "flex items-center gap-6 sm:block")}>
          {mount?.total && mount.free !== null ? (
            <>
              <span>
                {percent(1 - mount.free / mount.total, locale)}{" "}
                <span className={SMALL}>{t("dash.free", { v: bytes(mount.free, locale) })}</span>
              </span>
              <span aria-hidden className="h-1.5 flex-1 overflow-hidden rounded-full bg-input sm:hidden">
                <span
                  style={{ width: `${100 * (1 - mount.free / mount.total)}%` }}
                  className="block h-full rounded-full bg-muted-foreground"
                />
              </span>
            </>
          ) : (
            "–"
          )}
        </dd>
      </div>
    </dl>
  );
}

/** The last minute of speed. */
function Spark({ values }: { values: number[] }) {
  const padded = [...Array<number>(Math.max(0, 60 - values.length)).fill(0), ...values];
  const top = Math.max(...padded, 1);
  const line = padded
    .map((value, i) => `${i ? "L" : "M"}${((i / 59) * 200).toFixed(1)} ${(36 - (value / top) * 32).toFixed(1)}`)
    .join("");
  return (
    <svg aria-hidden="true" viewBox="0 0 200 38" preserveAspectRatio="none" className="h-9 w-full text-primary">
      <path d={`${line}L200 38L0 38Z`} fill="currentColor" opacity=".12" />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
