// Made by tools/words.mjs (npm run api) from server-settings.toml: do not edit.

import type { enServer } from "./en-server";
import type { Texts } from "./index";

export const deServer: Texts<typeof enServer> = {
  "setting.max_downloads": "Gleichzeitige Downloads",
  "setting.max_downloads.hint": "Mehr ist nicht immer schneller: Die meisten Websites begrenzen jede IP-Adresse.",
  "setting.max_downloads_per_site": "Gleichzeitige Downloads je Website",
  "setting.max_conversions": "Gleichzeitige Umwandlungen",
  "setting.ffmpeg_threads": "CPU-Threads je Umwandlung",
  "setting.max_height": "Standardqualität",
  "setting.max_height.hint": "Gilt, wenn für einen Download keine andere Qualität gewählt ist.",
  "setting.rate_limit": "Tempolimit insgesamt",
  "setting.host_names": "Hostnamen",
  "setting.host_names.hint": "Namen, unter denen dieser Server geöffnet wird, z. B. nas.lan. Durch Kommas getrennt.",
  "setting.proxy": "Proxy",
  "setting.proxy.hint": "Für alle Downloads: http://, https:// oder socks5://host:port.",
  "setting.trash_days": "Im Papierkorb behalten",
  "setting.trash_days.hint": "0 löscht Einträge sofort.",
  "setting.grace_hours": "Unbenutzte Dateien behalten",
  "setting.grace_hours.hint": "Nachdem der letzte Eintrag, der die Datei verwendet, endgültig gelöscht ist.",
};
