import { Link } from "@tanstack/react-router";
import { type ComponentProps, memo, type ReactNode } from "react";
import type { Download } from "@/api/types";
import { Poster } from "@/components/poster";
import { at, colourOf, StageTrack } from "@/components/stage-track";
import { type T, useI18n } from "@/i18n";
import { ago, bytes, percent, rate, remaining, timeOf } from "@/lib/format";
import { cn } from "@/lib/utils";
import type { Shift } from "./choices";
import { RowActions } from "./row-actions";
import { nameOf, partOf } from "./states";

type Props = ComponentProps<"li"> & {
  download: Download;
  shift?: Shift;
  /** Before the poster. */
  before?: ReactNode;
  /** In place of the track of one download. */
  track?: ReactNode;
};

/** One download, whatever its state. */
export const Row = memo(function Row({ download, shift, before, track, className, ...li }: Props) {
  const { locale } = useI18n();
  const part = partOf(download);
  const running = part === "active";
  const title = nameOf(download);
  return (
    <li
      data-download={download.id}
      data-state={download.state}
      className={cn(
        "flex gap-3 px-3 py-3 sm:gap-4 sm:px-4",
        part === "attention" ? "items-start sm:items-center" : "items-center",
        className,
      )}
      {...li}
    >
      {before}
      <Poster
        src={download.poster}
        seed={download.id}
        audio={!!download.options.audio}
        duration={download.duration}
        dim={!running && download.state !== "done"}
        className={cn("w-24 shrink-0 rounded-md sm:w-28", part === "attention" && "max-sm:hidden")}
      />
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline gap-3">
          <p
            dir="auto"
            className="line-clamp-2 min-w-0 flex-1 break-words text-left font-medium leading-snug sm:line-clamp-1 sm:break-all"
          >
            {download.item ? (
              <Link to="/watch/$id" params={{ id: String(download.item) }} className="hover:underline">
                {title}
              </Link>
            ) : (
              title
            )}
          </p>
          {running && download.stage === "download" && download.speed ? (
            <span className="num hidden shrink-0 text-[0.8125rem] sm:block">{rate(download.speed, locale)}</span>
          ) : null}
        </div>
        {track ??
          ((running || download.state === "paused") && (
            <StageTrack download={download} label={title} className="my-2" />
          ))}
        {part === "attention" ? <Trouble download={download} /> : <Facts download={download} />}
      </div>
      <RowActions download={download} shift={shift} />
    </li>
  );
});

function Trouble({ download }: { download: Download }) {
  const { explain } = useI18n();
  const { what, fix } = explain(download.error?.code ?? "internal", download.site);
  return (
    <p className="mt-0.5 text-pretty text-[0.8125rem]">
      <span className="text-destructive">{what}.</span> <span className="text-muted-foreground">{fix}</span>
    </p>
  );
}

function Facts({ download }: { download: Download }) {
  const { t, locale, explain } = useI18n();
  const here = at(download);
  const { state, size, eta, error } = download;
  const running = state === "running";
  const waits = state === "queued" || state === "scheduled" || state === "expanded";
  const again = waits && download.run_after && Date.parse(download.run_after) > Date.now() ? download.run_after : null;
  return (
    <p className="flex items-center gap-x-2 truncate text-xs text-muted-foreground">
      <span className={cn("font-medium", running && here && colourOf(here.step))}>
        {running && here ? t(`step.${here.step}`) : stateOf(download, again, t, locale)}
      </span>
      {download.children && (
        <span className="num">
          {t("job.entries", { d: download.children.done, n: download.children.total })}
          {download.children.failed > 0 && ` · ${t("job.entriesFailed", { n: download.children.failed })}`}
        </span>
      )}
      {running && here && <span className="num">{percent(here.done, locale)}</span>}
      {running && here?.step === "download" && size !== null && (
        <span className="num hidden sm:inline">
          {bytes(here.done * size, locale)} / {bytes(size, locale)}
        </span>
      )}
      {running && eta !== null && <span className="num">{t("job.left", { v: remaining(eta, locale) })}</span>}
      {(waits || running) && error && error.code !== "live_not_started" && (
        <span className="truncate">
          {explain(error.code, download.site).what}
          {again && ` · ${t("job.again", { v: ago(again, locale) })}`}
        </span>
      )}
      {state === "done" && download.finished_at && <span>{ago(download.finished_at, locale)}</span>}
      {state === "done" && size !== null && <span className="num">{bytes(size, locale)}</span>}
      <span className="ml-auto hidden truncate sm:inline">{whence(download, t)}</span>
    </p>
  );
}

/** A list is a list, and a stream that has not begun says when it is looked at again. */
function stateOf({ state, kind, error }: Download, again: string | null, t: T, locale: string): string {
  if ((kind === "playlist" && state === "scheduled") || state === "expanded") return t("add.playlist");
  if (error?.code === "live_not_started" && again) return t("state.starts", { v: timeOf(again, locale) });
  return t(again && error ? "state.again" : `state.${state}`);
}

/** Site, folder, and what was wished for. */
function whence({ site, folder, options }: Download, t: T): string {
  const quality = options.audio ? t("add.audio") : options.max_height ? `${options.max_height}p` : "";
  return [site, folder, quality].filter(Boolean).join(" · ");
}
