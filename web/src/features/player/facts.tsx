import { Link } from "@tanstack/react-router";
import { ChevronDown, ExternalLink, FolderOpen, Rss } from "lucide-react";
import type { Item } from "@/api/types";
import { useI18n } from "@/i18n";
import { bytes, clock, date, integer } from "@/lib/format";
import { languageName } from "@/lib/languages";
import { cn } from "@/lib/utils";

/** The sounds of a file that has several, the default one first: not every browser can choose. */
function soundNames({ audio_tracks: tracks = [] }: Item, locale: string): string | null {
  if (tracks.length < 2) return null;
  return tracks
    .map(
      ({ language, title, codec }) =>
        [language && languageName(language, locale), title].filter(Boolean).join(", ") || codec,
    )
    .join(" · ");
}

/** Everything that is known of the file, and where it came from. */
export function Facts({ item }: { item: Item }) {
  const { t, locale } = useI18n();
  const { media } = item;
  const facts: [string, string | null][] = [
    [
      t("fact.format"),
      [media.kind.split("/")[1]?.toUpperCase(), media.video_codec, media.audio_codec].filter(Boolean).join(" · "),
    ],
    [t("fact.sounds"), soundNames(item, locale)],
    [t("fact.picture"), media.width && media.height ? `${media.width} × ${media.height}` : null],
    [t("fact.length"), item.duration === null ? null : clock(item.duration)],
    [t("fact.size"), `${bytes(media.size, locale)} (${integer(media.size, locale)} B)`],
    [t("fact.subtitles"), item.subtitles.map((code) => languageName(code, locale)).join(", ") || null],
    [t("fact.holders"), t("fact.entries", { n: media.ref_count })],
    [t("fact.year"), item.year ? String(item.year) : null],
    [t("fact.categories"), item.categories?.join(", ") || null],
    [t("fact.views"), item.views == null ? null : integer(item.views, locale)],
    [t("fact.added"), date(item.created_at, locale)],
    ["SHA-256", media.sha256],
  ];
  return (
    <div className="mt-4 border-t pt-4">
      <p className="flex flex-wrap gap-x-5 gap-y-2 text-[0.8125rem] text-muted-foreground">
        <span className="flex items-center gap-1.5">
          <FolderOpen className="size-4" />
          {item.folder.replaceAll("/", " / ") || t("lib.top")}
        </span>
        {item.subscription && (
          <Link
            to="/following/$id"
            params={{ id: String(item.subscription.id) }}
            className="flex min-w-0 items-center gap-1.5 hover:text-foreground hover:underline"
          >
            <Rss className="size-4 shrink-0" />
            <span className="truncate">{t("sub.bySource", { v: item.subscription.title })}</span>
          </Link>
        )}
        {item.source_url?.match(/^https?:/) && (
          <a
            href={item.source_url}
            target="_blank"
            rel="noopener noreferrer"
            className="flex items-center gap-1.5 hover:text-foreground hover:underline"
          >
            <ExternalLink className="size-4" />
            {t("play.source")}: {item.site}
          </a>
        )}
      </p>
      <details className="group mt-4">
        <summary className="flex items-center gap-1.5 text-[0.8125rem] text-muted-foreground hover:text-foreground [&::-webkit-details-marker]:hidden">
          <ChevronDown className="size-4 -rotate-90 transition-transform group-open:rotate-0" />
          {t("fact.title")}
        </summary>
        <dl className="mt-3 grid gap-x-8 gap-y-2 text-[0.8125rem] xl:grid-cols-2" aria-label={t("fact.title")}>
          {facts.map(([name, value]) =>
            value === null ? null : (
              <div key={name} className="flex gap-4">
                <dt className="w-28 shrink-0 text-muted-foreground">{name}</dt>
                <dd
                  className={cn(
                    "num min-w-0 break-words",
                    name === "SHA-256" && "select-all break-all font-mono text-xs",
                  )}
                >
                  {value}
                </dd>
              </div>
            ),
          )}
        </dl>
      </details>
    </div>
  );
}
