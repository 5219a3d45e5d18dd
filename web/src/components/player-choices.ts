/** Speed, volume and captions that the user chose: used for every item. */
import { announce } from "@/lib/preferences";

const KEY = "mf.player";

export type Remembered = { rate: number; volume: number; muted: boolean; captions: string };

const DEFAULTS: Remembered = { rate: 1, volume: 1, muted: false, captions: "" };

export function remembered(): Remembered {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return DEFAULTS;
  }
}

/** Keep a choice, in this browser and on the server. */
export function remember(change: Partial<Remembered>) {
  const before = remembered();
  const changed = Object.entries(change).filter(([name, value]) => before[name as keyof Remembered] !== value);
  if (!changed.length) return;
  localStorage.setItem(KEY, JSON.stringify({ ...before, ...change }));
  announce(Object.fromEntries(changed));
}

/** Keep what the server has; null is a choice that was never made. */
export function keepPlayer(choices: { [Name in keyof Remembered]?: Remembered[Name] | null }) {
  const made = Object.fromEntries(
    Object.entries(choices).filter(([name, value]) => name in DEFAULTS && value !== null && value !== undefined),
  );
  if (Object.keys(made).length) localStorage.setItem(KEY, JSON.stringify({ ...remembered(), ...made }));
}

/** The track for a language: the same one, or one of the same main language ("en" for "en-GB"). */
export function trackFor(languages: readonly string[], wanted: string): string | undefined {
  if (!wanted) return undefined;
  const main = (code: string) => code.split("-")[0];
  return languages.find((each) => each === wanted) ?? languages.find((each) => main(each) === main(wanted));
}

/** Show the captions of one language and no other; "" shows none. */
export function showCaptions(media: HTMLMediaElement, language: string) {
  const tracks = [...media.textTracks];
  const shown = trackFor(
    tracks.map((track) => track.language),
    language,
  );
  for (const track of tracks) {
    const mode = shown !== undefined && track.language === shown ? "showing" : "disabled";
    if (track.mode !== mode) track.mode = mode;
  }
}

export const captionsShown = (media: HTMLMediaElement) =>
  [...media.textTracks].find((track) => track.mode === "showing")?.language ?? "";
