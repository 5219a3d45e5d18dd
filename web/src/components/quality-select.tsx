import { useSystem } from "@/api/queries";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { qualities } from "@/lib/quality";

/** Names a quality in words: "Default (up to 1080p)". */
export function useQualityName(): (quality: string) => string {
  const { t } = useI18n();
  const ceiling = useSystem().data?.max_height;
  const names: Record<string, string> = {
    best: ceiling ? t("add.best", { v: `${ceiling}p` }) : t("add.bestUnknown"),
    max: t("add.bestAvailable"),
    m4a: `${t("add.audio")} · M4A`,
    mp3: `${t("add.audio")} · MP3`,
  };
  return (quality) => names[quality] ?? t("add.upTo", { v: `${quality}p` });
}

type Props = {
  value: string;
  onChange: (quality: string) => void;
  /** The heights of the video. */
  heights?: readonly number[];
  /** The words for the default of the server. */
  default?: string;
  className?: string;
};

/** Chooses a quality. */
export function QualitySelect({ value, onChange, heights = [], default: best, className }: Props) {
  const { t } = useI18n();
  const name = useQualityName();
  return (
    <Select
      label={t("add.quality")}
      className={className}
      value={value}
      onChange={onChange}
      items={qualities(heights, value).map((quality) => ({
        value: quality,
        label: quality === "best" && best ? best : name(quality),
      }))}
    />
  );
}
