/** Actions of every place: play its items from the first on, and its page at the site. */
import { Link } from "@tanstack/react-router";
import { ExternalLink, Play } from "lucide-react";
import type { ReactNode } from "react";
import type { Queue } from "@/components/player-store";
import { buttonVariants } from "@/components/ui/button";
import { useI18n } from "@/i18n";

type Props = { first?: number; queue: Queue; url: string | null; children?: ReactNode };

export function PlaceActions({ first, queue, url, children }: Props) {
  const { t } = useI18n();
  return (
    <div className="flex flex-wrap gap-2">
      {first !== undefined && (
        <Link
          to="/watch/$id"
          params={{ id: String(first) }}
          state={{ queue }}
          className={buttonVariants({ variant: "default" })}
        >
          <Play />
          {t("places.playAll")}
        </Link>
      )}
      {children}
      {url && (
        <a href={url} target="_blank" rel="noopener noreferrer" className={buttonVariants({ variant: "outline" })}>
          <ExternalLink />
          {t("job.source")}
        </a>
      )}
    </div>
  );
}
