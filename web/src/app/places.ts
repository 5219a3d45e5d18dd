/** The places of the main navigation. */
import { ArrowDownToLine, Bell, House, LibraryBig, Rss, Settings2, Trash2 } from "lucide-react";

/** The places of the bar on a phone; the others are in its menu. */
export const PLACES = [
  { to: "/", key: "nav.home", icon: House },
  { to: "/library", key: "nav.library", icon: LibraryBig },
  { to: "/following", key: "nav.following", icon: Rss },
  { to: "/downloads", key: "nav.downloads", icon: ArrowDownToLine },
] as const;

export const OTHERS = [
  { to: "/trash", key: "nav.trash", icon: Trash2 },
  { to: "/notifications", key: "note.title", icon: Bell },
  { to: "/settings", key: "nav.settings", icon: Settings2 },
] as const;
