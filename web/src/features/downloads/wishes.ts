/** Options of the links in the box, as the form keeps them and as the server expects them. */
import type { Options } from "@/api/types";
import { clock } from "@/lib/format";
import { listedCodes } from "@/lib/languages";
import { optionsOfQuality, qualityOf } from "@/lib/quality";

export type Wishes = {
  /** "best" (the default of the server), "max" (the best there is), a number of lines, or a kind of audio file. */
  quality: string;
  folder: string;
  /** The name of a preset, below everything else that is wished for; "" for none. */
  preset: string;
  /** Languages with commas, "all", or "" for none. */
  subtitles: string;
  machine: boolean;
  /** Languages of further sounds with commas, or "" for the main one alone. */
  spoken: string;
  start: string;
  end: string;
  sponsorblock: boolean;
  original: boolean;
  /** The picture as it comes: nothing is encoded for browsers that do not play it. */
  copy: boolean;
  /** Pretend to be a browser on the wire. */
  browser: boolean;
  proxy: string;
  /** Kilobytes a second, or "" for as fast as it goes. */
  rate: string;
  /** How long a live stream is recorded at the most, as "1:00:00". */
  live: string;
  /** The page that the link was found on. */
  referer: string;
  /** Whether a live stream begins at its oldest piece. */
  fromStart: boolean;
  /** Kept without a field. */
  extractorArgs?: Options["extractor_args"];
  /** Which entries of a list: all (undefined) or these. */
  entries?: number[];
  ownFolder: boolean;
};

export const NOTHING_SPECIAL: Wishes = {
  quality: "best",
  folder: "",
  preset: "",
  subtitles: "",
  machine: false,
  spoken: "",
  start: "",
  end: "",
  sponsorblock: false,
  original: false,
  copy: false,
  browser: false,
  proxy: "",
  rate: "",
  live: "",
  referer: "",
  fromStart: false,
  ownFolder: true,
};

/** Seconds out of "1:02:03", "2:03" or "63"; undefined where it is none of these. */
export function seconds(text: string): number | undefined {
  const parts = text.trim().split(":");
  if (!text.trim() || parts.length > 3 || !parts.every((part) => /^\d+([.]\d+)?$/.test(part))) return undefined;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** The form again, out of what was wished for. */
export function wishesOf(options: Options, folder = ""): Wishes {
  const time = (value?: number | null) => (value ? clock(value) : "");
  return {
    ...NOTHING_SPECIAL,
    folder,
    quality: qualityOf(options),
    subtitles: options.subtitles?.join(",") ?? "",
    machine: options.auto_subtitles ?? false,
    spoken: options.audio_languages?.join(",") ?? "",
    start: time(options.start),
    end: time(options.end),
    sponsorblock: options.sponsorblock ?? false,
    original: options.keep_original ?? false,
    copy: options.never_transcode ?? false,
    browser: options.impersonate ?? false,
    proxy: options.proxy ?? "",
    rate: options.rate_limit ? String(options.rate_limit / 1000) : "",
    live: time(options.live_max),
    referer: options.referer ?? "",
    fromStart: options.live_from_start ?? false,
    ...(options.extractor_args && { extractorArgs: options.extractor_args }),
  };
}

/** Only what differs from what the server does anyway. `list`: the link is a playlist. */
export function optionsOf(wishes: Wishes, list: boolean): Options {
  const { quality, subtitles, machine, start, end, sponsorblock, original, entries, ownFolder } = wishes;
  const options: Options = optionsOfQuality(quality);
  if (wishes.preset && options.max_height) options.audio = null; // a preset for audio gives way to a picture
  if (subtitles) options.subtitles = subtitles.split(",");
  if (subtitles && machine) options.auto_subtitles = true;
  const spoken = listedCodes(wishes.spoken);
  if (spoken.length) options.audio_languages = spoken;
  if (seconds(start)) options.start = seconds(start);
  if (seconds(end)) options.end = seconds(end);
  if (sponsorblock) options.sponsorblock = true;
  if (original) options.keep_original = true;
  if (wishes.copy) options.never_transcode = true;
  if (wishes.proxy.trim()) options.proxy = wishes.proxy.trim();
  else if (wishes.browser) options.impersonate = true;
  if (Number(wishes.rate) > 0) options.rate_limit = Math.round(Number(wishes.rate) * 1000);
  if (seconds(wishes.live)) options.live_max = Math.round(seconds(wishes.live) ?? 0);
  if (wishes.referer.trim()) options.referer = wishes.referer.trim();
  if (wishes.extractorArgs) options.extractor_args = wishes.extractorArgs;
  if (wishes.fromStart) options.live_from_start = true;
  if (list) options.playlist = { ...(entries && { items: entries }), folder: ownFolder };
  return options;
}
