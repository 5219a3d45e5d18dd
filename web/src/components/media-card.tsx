import { Link } from "@tanstack/react-router";
import { Check, Play } from "lucide-react";
import type { Item } from "@/api/types";
import type { Queue } from "@/components/player-store";
import { Poster } from "@/components/poster";
import { useI18n } from "@/i18n";
import { ago, bytes } from "@/lib/format";

export const isAudio = (item: Item) => item.media.kind.startsWith("audio/");
export const posterOf = (item: Item) => (item.poster ? `/media/${item.id}/poster` : null);

/** The poster of an item with how far it was watched. */
export function Thumb({ item, className }: { item: Item; className?: string }) {
  const seen = item.position && item.duration ? item.position / item.duration : 0;
  return (
    <Poster src={posterOf(item)} seed={item.id} audio={isAudio(item)} duration={item.duration} className={className}>
      {item.watched ? (
        <span className="absolute left-1.5 top-1.5 grid size-5 place-items-center rounded-full bg-black/70 text-white">
          <Check className="size-3" strokeWidth={3} />
        </span>
      ) : (
        seen > 0.01 && (
          <span className="absolute inset-x-0 bottom-0 h-[3px] bg-white/25">
            <span style={{ width: `${seen * 100}%` }} className="block h-full bg-primary" />
          </span>
        )
      )}
    </Poster>
  );
}

export function Meta({ item }: { item: Item }) {
  const { locale } = useI18n();
  return (
    <p className="truncate text-xs text-muted-foreground">
      {[item.uploader ?? item.site, bytes(item.media.size, locale), ago(item.created_at, locale)]
        .filter(Boolean)
        .join(" · ")}
    </p>
  );
}

/** `queue`: what the item is one of. */
export function MediaCard({ item, queue }: { item: Item; queue: Queue }) {
  return (
    <Link to="/watch/$id" params={{ id: String(item.id) }} state={{ queue }} className="group block min-w-0 rounded-lg">
      <div className="relative">
        <Thumb item={item} />
        <span
          aria-hidden
          className="absolute inset-0 grid place-items-center opacity-0 transition-opacity group-hover:opacity-100"
        >
          <span className="grid size-11 place-items-center rounded-full bg-black/60 text-white backdrop-blur-sm">
            <Play className="size-5 translate-x-px fill-current" />
          </span>
        </span>
      </div>
      <p dir="auto" className="mt-2 line-clamp-2 text-left text-pretty break-words font-medium leading-snug">
        {item.title}
      </p>
      <Meta item={item} />
    </Link>
  );
}
