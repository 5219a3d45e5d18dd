/** The quality of a download as one value, which is how a form keeps it. */
export const HEIGHTS = [2160, 1440, 1080, 720, 480];
/** The largest height that the server takes: the best that there is. */
export const BEST_HEIGHT = 4320;

type Quality = { audio?: "m4a" | "mp3" | null; max_height?: number | null };

/** "best" (the default of the server), "max", a number of lines, or a kind of audio file. */
export function qualityOf({ audio, max_height: height }: Quality): string {
  if (audio) return audio;
  return height ? (height >= BEST_HEIGHT ? "max" : String(height)) : "best";
}

export function optionsOfQuality(quality: string): Quality {
  if (quality === "m4a" || quality === "mp3") return { audio: quality };
  if (quality === "max") return { max_height: BEST_HEIGHT };
  return quality === "best" ? {} : { max_height: Number(quality) };
}

/** Options with another quality. A default that was given stays: `audio: null` switches that of a preset off. */
export function withQuality<T extends Quality>(before: T, quality: string, preset: boolean): T {
  const chosen = optionsOfQuality(quality);
  const video = preset && chosen.max_height ? { audio: null } : {}; // a preset for audio gives way to a picture
  if (quality === qualityOf(before)) return { ...before, ...video };
  const { audio: _, max_height: __, ...others } = before;
  return { ...others, ...chosen, ...video } as T;
}

/** The values to choose from: of the heights that a video comes in, or the usual ones if those are not known. */
export function qualities(heights: readonly number[], chosen: string): string[] {
  const offered = (heights.length ? heights : HEIGHTS).map(String);
  const kept = /^\d+$/.test(chosen) && !offered.includes(chosen) ? [chosen] : [];
  return ["best", "max", ...kept, ...offered, "m4a", "mp3"];
}
