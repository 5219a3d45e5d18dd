import { useSystem } from "@/api/queries";
import { useI18n } from "@/i18n";
import { Card } from "./card";

export function About() {
  const { t } = useI18n();
  const system = useSystem().data;
  const parts: [string, string | undefined][] = [
    ["MediaFetcher", system?.version],
    ["yt-dlp", system?.versions["yt-dlp"]],
    ["FFmpeg", system?.versions.ffmpeg],
    ["PostgreSQL", system?.versions.postgresql],
    ["Python", system?.versions.python],
  ];
  return (
    <Card id="about" title={t("set.about")}>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-2 p-4 text-[0.8125rem] sm:grid-cols-4">
        {parts.map(([name, version]) => (
          <div key={name} className="contents">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="truncate font-mono">{version ?? "–"}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
