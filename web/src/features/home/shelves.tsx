/** Shelves of the start page: channels and playlists that something was added of, with "Play all". */
import { Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useId } from "react";
import type { Shelf } from "@/api/types";
import { MediaCard } from "@/components/media-card";
import type { Queue } from "@/components/player-store";
import { buttonVariants } from "@/components/ui/button";
import { useI18n } from "@/i18n";

export function Shelves({ shelves }: { shelves: Shelf[] }) {
  return shelves.map((shelf) => <OneShelf key={`${shelf.playlist} ${shelf.site} ${shelf.channel}`} shelf={shelf} />);
}

function OneShelf({ shelf }: { shelf: Shelf }) {
  const { t } = useI18n();
  const id = useId();
  const { title, channel, site, playlist, items } = shelf;
  const [first] = items;
  const view =
    channel === null
      ? { list: playlist ?? undefined }
      : { wanted: { channel, site: site ?? undefined, sort: "-published" as const } };
  const queue: Queue = { ...view, label: title, href: "/" };
  return (
    <section aria-labelledby={id}>
      <div className="mb-2 flex h-8 items-center gap-3 px-1">
        <h2 id={id} dir="auto" className="min-w-0 truncate font-semibold tracking-tight">
          {channel === null ? (
            <Link to="/playlist/$id" params={{ id: String(playlist) }} className="hover:underline">
              {title}
            </Link>
          ) : (
            <Link
              to="/channel/$id"
              params={{ id: channel }}
              search={{ site: site ?? undefined }}
              className="hover:underline"
            >
              {title}
            </Link>
          )}
        </h2>
        {first && (
          <Link
            to="/watch/$id"
            params={{ id: String(first.id) }}
            aria-label={`${t("places.playAll")}: ${title}`}
            state={{ queue }}
            className={buttonVariants({ variant: "ghost", size: "sm", className: "ml-auto shrink-0" })}
          >
            <Play />
            {t("places.playAll")}
          </Link>
        )}
      </div>
      <ul className="base-ui-disable-scrollbar -mx-4 flex snap-x scroll-px-4 gap-x-4 overflow-x-auto px-4 pb-1 sm:mx-0 sm:grid sm:grid-cols-3 sm:gap-y-5 sm:overflow-visible sm:px-0 lg:grid-cols-4 xl:grid-cols-5">
        {items.map((item) => (
          <li key={item.id} className="min-w-0 shrink-0 snap-start max-sm:w-[70vw]">
            <MediaCard item={item} queue={queue} />
          </li>
        ))}
      </ul>
    </section>
  );
}
