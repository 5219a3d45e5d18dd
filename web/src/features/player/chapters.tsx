import { useId } from "react";
import type { Chapter } from "@/api/types";
import { useI18n } from "@/i18n";
import { clock } from "@/lib/format";
import { cn } from "@/lib/utils";
import { useMedia } from "./use-media";

/** The chapter that plays now: the last one that has begun. */
export function chapterAt(chapters: readonly Chapter[], time: number): number {
  return chapters.findLastIndex(({ start }) => start <= time + 0.05);
}

type Props = { chapters: Chapter[]; media: HTMLVideoElement | null };

export function Chapters({ chapters, media }: Props) {
  const { t } = useI18n();
  const id = useId();
  const now = useMedia(media, ({ currentTime }) => chapterAt(chapters, currentTime), -1);
  if (!chapters.length) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="eyebrow mb-2 px-1.5">
        {t("play.chapters")}
      </h2>
      <ol className="max-h-80 overflow-y-auto">
        {chapters.map(({ start, title }, i) => (
          <li key={`${start} ${title}`}>
            <button
              type="button"
              aria-current={i === now ? "true" : undefined}
              onClick={() => {
                if (!media) return;
                media.currentTime = start;
                void media.play().catch(() => {});
              }}
              className={cn(
                "flex min-h-9 w-full items-baseline gap-4 rounded-lg px-2.5 py-2 text-left hover:bg-accent/70",
                i === now && "bg-accent",
              )}
            >
              <span className={cn("num w-12 shrink-0 text-muted-foreground", i === now && "text-primary-text")}>
                {clock(start)}
              </span>
              <span className="min-w-0 flex-1 text-pretty break-words font-medium leading-snug">{title}</span>
              {i === now && <span className="shrink-0 text-2xs text-primary-text">{t("play.now")}</span>}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
