/** Preferences of the user: taken from the server when the page opens, and sent to it when one is chosen. */
import { useEffect, useEffectEvent } from "react";
import { call } from "@/api/client";
import type { Preferences } from "@/api/types";
import { keepPlayer } from "@/components/player-choices";
import { LOCALES, useI18n } from "@/i18n";
import { keepLastDownload } from "@/lib/last-download";
import { type Choices, keepSort, onChoice } from "@/lib/preferences";
import { keepTheme } from "@/lib/theme";

const PATH = "/api/preferences";
const PAUSE = 400; // ms without another choice: a volume that is dragged is many of them

export function usePreferences() {
  const { locale, keepLocale } = useI18n();
  const take = useEffectEvent((found: Preferences) => {
    const {
      theme,
      language,
      sort,
      audio_languages: _,
      download_folder,
      download_quality,
      download_preset,
      ...player
    } = found;
    if (theme) keepTheme(theme);
    if (language && language in LOCALES && language !== locale) keepLocale(language);
    if (sort) keepSort(sort);
    keepPlayer(player);
    keepLastDownload({ download_folder, download_quality, download_preset });
  });
  useEffect(() => {
    let chosen: Choices = {};
    let wait: ReturnType<typeof setTimeout> | undefined;
    const send = (leaving: boolean) => {
      clearTimeout(wait);
      const change = chosen;
      chosen = {};
      // This browser keeps the choice in any case; the next one is sent again.
      if (Object.keys(change).length)
        void call("PATCH", PATH, { body: change as Preferences, keepalive: leaving }).catch(() => {});
    };
    const leave = () => send(true);
    const stop = onChoice((change) => {
      chosen = { ...chosen, ...change };
      clearTimeout(wait);
      wait = setTimeout(() => send(false), PAUSE);
    });
    void call("GET", PATH)
      .then((found) => take({ ...found, ...(chosen as Preferences) }))
      .catch(() => {}); // without an answer this browser's own choices hold
    addEventListener("pagehide", leave);
    return () => {
      stop();
      removeEventListener("pagehide", leave);
      send(false);
    };
  }, []);
}
