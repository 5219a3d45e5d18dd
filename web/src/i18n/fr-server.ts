// Made by tools/words.mjs (npm run api) from server-settings.toml: do not edit.

import type { enServer } from "./en-server";
import type { Texts } from "./index";

export const frServer: Texts<typeof enServer> = {
  "setting.max_downloads": "Téléchargements simultanés",
  "setting.max_downloads.hint": "Plus n’est pas toujours plus rapide : la plupart des sites limitent chaque adresse IP.",
  "setting.max_downloads_per_site": "Téléchargements simultanés par site",
  "setting.max_conversions": "Conversions simultanées",
  "setting.ffmpeg_threads": "Threads processeur par conversion",
  "setting.max_height": "Qualité par défaut",
  "setting.max_height.hint": "Utilisée sauf si vous en choisissez une autre pour un téléchargement.",
  "setting.rate_limit": "Limite de débit totale",
  "setting.host_names": "Noms d’hôte",
  "setting.host_names.hint": "Noms sous lesquels ce serveur est ouvert, par ex. nas.lan. Séparez-les par des virgules.",
  "setting.proxy": "Proxy",
  "setting.proxy.hint": "Pour tous les téléchargements : http://, https:// ou socks5://hôte:port.",
  "setting.trash_days": "Conserver dans la corbeille",
  "setting.trash_days.hint": "0 supprime les éléments immédiatement.",
  "setting.grace_hours": "Conserver les fichiers inutilisés",
  "setting.grace_hours.hint": "Après la suppression définitive du dernier élément qui utilise le fichier.",
};
