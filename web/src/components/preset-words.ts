import type { Options } from "@/api/types";
import { useQualityName } from "@/components/quality-select";
import { useI18n } from "@/i18n";
import { qualityOf } from "@/lib/quality";

const NAMED = ["audio", "max_height", "subtitles", "sponsorblock"];

/** The options that the form of a preset has no field for. */
export const unnamed = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !NAMED.includes(name)));

/** Names what a preset wishes for: "Up to 720p · Subtitles: en · 2 more options". */
export function usePresetWords(): (options: Options) => string {
  const { t } = useI18n();
  const quality = useQualityName();
  return (options) => {
    const others = Object.keys(unnamed(options)).length;
    return [
      quality(qualityOf(options)),
      options.subtitles?.length ? `${t("preset.subtitles")}: ${options.subtitles.join(", ")}` : "",
      options.sponsorblock ? t("preset.sponsorblock") : "",
      others ? t("preset.others", { n: others }) : "",
    ]
      .filter(Boolean)
      .join(" · ");
  };
}
