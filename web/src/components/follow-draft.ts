/** Options for the downloads of a list before it is followed: they travel from the composer to the form. */
import type { Options } from "@/api/types";

let kept: { url: string; options: Options; preset: string } | undefined;

export const followDraft = {
  keep(url: string, { playlist: _, start: __, end: ___, ...options }: Options, preset: string) {
    kept = { url, options, preset };
  },
  /** The options that were chosen for this link. */
  optionsOf: (url: string): Options => (kept?.url === url ? kept.options : {}),
  presetOf: (url: string): string => (kept?.url === url ? kept.preset : ""),
};
