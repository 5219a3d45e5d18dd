import type { Chapter } from "@/api/types";
import { useI18n } from "@/i18n";
import { clock } from "@/lib/format";
import { chapterAt } from "./chapters";
import { useMedia } from "./use-media";

type Props = { media: HTMLVideoElement | null; duration: number; chapters: readonly Chapter[]; thin?: boolean };

/** The position in the item: one segment for each chapter, and a slider over them. */
export function SeekBar({ media, duration, chapters, thin }: Props) {
  const { t } = useI18n();
  const time = useMedia(media, ({ currentTime }) => currentTime, 0);
  const length = useMedia(media, (element) => element.duration || duration, duration) || 0;
  const loaded = useMedia(media, loadedUntil, 0);
  const named = chapters[chapterAt(chapters, time)]?.title;
  return (
    <div className={thin ? "relative h-1" : "relative h-4"}>
      <div aria-hidden className="absolute inset-x-0 top-1/2 flex h-1 -translate-y-1/2 gap-[3px]">
        {segments(chapters, length).map(([from, to]) => (
          <span
            key={from}
            className="relative overflow-hidden rounded-full bg-white/25"
            style={{ flexGrow: to - from, flexBasis: 0 }}
          >
            <span className="absolute inset-y-0 left-0 bg-white/30" style={{ width: share(loaded, from, to) }} />
            <span
              className="absolute inset-y-0 left-0 bg-[oklch(0.765_0.153_56)]"
              style={{ width: share(time, from, to) }}
            />
          </span>
        ))}
      </div>
      {!thin && (
        <input
          type="range"
          className="seek absolute inset-0 size-full"
          min={0}
          max={length || 1}
          step={0.1}
          value={Math.min(time, length || 1)}
          aria-label={t("play.seek")}
          aria-valuetext={[`${clock(time)} / ${clock(length)}`, named].filter(Boolean).join(", ")}
          onChange={(event) => {
            if (media) media.currentTime = Number(event.target.value);
          }}
          onKeyDown={(event) => {
            const step = { ArrowLeft: -5, ArrowRight: 5, PageDown: -60, PageUp: 60 }[event.key];
            if (!step || !media) return;
            event.preventDefault();
            media.currentTime = Math.max(0, Math.min(length, media.currentTime + step));
          }}
        />
      )}
    </div>
  );
}

/** Start and end of each chapter; what comes before the first one is a segment too. */
export function segments(chapters: readonly Chapter[], length: number): [number, number][] {
  const starts = chapters.map(({ start }) => start).filter((start) => start > 0 && start < length);
  const edges = [0, ...starts, length || 1];
  return edges.slice(1).map((end, i) => [edges[i] ?? 0, end]);
}

const share = (at: number, from: number, to: number) =>
  `${Math.max(0, Math.min(1, (at - from) / (to - from || 1))) * 100}%`;

function loadedUntil({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++)
    if (buffered.start(i) <= currentTime && currentTime <= buffered.end(i)) return buffered.end(i);
  return 0;
}
