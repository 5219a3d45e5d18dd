import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSystem } from "@/api/queries";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { Card } from "./card";
import { licencesQuery } from "./queries";

export function About() {
  const { t } = useI18n();
  const system = useSystem().data;
  const parts: [name: string, version: string | undefined, licence: string][] = [
    ["MediaFetcher", system?.version, "GPL-3.0-or-later"],
    ["yt-dlp", system?.versions["yt-dlp"], "Unlicense"],
    ["FFmpeg", system?.versions.ffmpeg, "GPL-3.0-or-later"],
    ["PostgreSQL", system?.versions.postgresql, "PostgreSQL"],
    ["Python", system?.versions.python, "PSF-2.0"],
  ];
  return (
    <Card id="about" title={t("set.about")}>
      <dl className="space-y-2 p-4 text-[0.8125rem]">
        {parts.map(([name, version, licence]) => (
          <div key={name} className="flex gap-4">
            <dt className="w-28 shrink-0 text-muted-foreground">{name}</dt>
            <dd className="min-w-0 flex-1 truncate font-mono">{version ?? "–"}</dd>
            <dd className="text-xs text-muted-foreground">{licence}</dd>
          </div>
        ))}
      </dl>
      <Licences />
    </Card>
  );
}

/** The packages that this page is made of. */
function Licences() {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  const { data } = useQuery({ ...licencesQuery, enabled: open });
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="px-4 py-3.5 text-[0.8125rem] text-muted-foreground hover:text-foreground">
        {t("set.licences")}
      </summary>
      {data ? (
        <ul className="grid gap-x-8 gap-y-1 px-4 pb-4 text-xs sm:grid-cols-2">
          {data.map(({ name, version, licence }) => (
            <li key={name} className="flex gap-3">
              <span className="min-w-0 flex-1 truncate">
                {name} <span className="text-muted-foreground">{version}</span>
              </span>
              <span className="text-muted-foreground">{licence}</span>
            </li>
          ))}
        </ul>
      ) : (
        <Skeleton className="mx-4 mb-4 h-16" />
      )}
    </details>
  );
}
