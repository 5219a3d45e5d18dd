/** The places of the library beside its folders. */
import { Link } from "@tanstack/react-router";
import { EyeOff, Layers, ListVideo, type LucideIcon, Music, Tv } from "lucide-react";
import type { Filter } from "@/api/queries";
import { type Key, useI18n } from "@/i18n";

type Place = { to: "/library" | "/channels" | "/playlists"; search?: Filter; key: Key; icon: LucideIcon };

const PLACES: Place[] = [
  { to: "/library", key: "lib.all", icon: Layers },
  { to: "/library", search: { unwatched: true }, key: "lib.unwatched", icon: EyeOff },
  { to: "/channels", key: "places.channels", icon: Tv },
  { to: "/playlists", key: "places.playlists", icon: ListVideo },
  { to: "/library", search: { kind: "audio" }, key: "lib.kind.audio", icon: Music },
];

export function LibraryPlaces({ onPick }: { onPick?: () => void }) {
  const { t } = useI18n();
  return (
    <nav aria-label={t("places.title")} className="mb-4 space-y-0.5">
      {PLACES.map((each) => (
        <Link
          key={each.key}
          to={each.to}
          search={each.search ?? {}}
          onClick={onPick}
          activeOptions={{ exact: true, includeSearch: each.to === "/library" }}
          className="flex h-8 items-center gap-2.5 rounded-md px-2.5 text-[0.8125rem] text-muted-foreground hover:bg-accent hover:text-foreground"
          activeProps={{ className: "font-medium text-foreground", "aria-current": "page" }}
        >
          <each.icon className="size-4" />
          {t(each.key)}
        </Link>
      ))}
    </nav>
  );
}
