import { useQuery } from "@tanstack/react-query";
import { Bookmark } from "lucide-react";
import { useEffect, useEffectEvent } from "react";
import { presetsQuery } from "@/api/queries";
import { usePresetWords } from "@/components/preset-words";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import type { Wishes } from "./wishes";

const NONE = "/"; // no preset has this name

type Props = { wishes: Wishes; onChange: (wishes: Partial<Wishes>) => void };

/** Chooses a preset, if the user has some. Its quality counts until another one is chosen. */
export function PresetChoice({ wishes, onChange }: Props) {
  const { t } = useI18n();
  const { data: presets } = useQuery(presetsQuery);
  const gone = !!presets && !!wishes.preset && !presets.some(({ name }) => name === wishes.preset);
  const forget = useEffectEvent(() => onChange({ preset: "" }));
  useEffect(() => {
    if (gone) forget();
  }, [gone]);
  if (!presets?.length) return null;
  return (
    <Select
      label={t("preset.name")}
      icon={<Bookmark />}
      className="max-w-44"
      value={wishes.preset || NONE}
      onChange={(name) => onChange({ preset: name === NONE ? "" : name, quality: "best" })}
      items={[{ value: NONE, label: t("preset.none") }, ...presets.map(({ name }) => ({ value: name, label: name }))]}
    />
  );
}

/** The wishes of the chosen preset, in words. */
export function PresetMeaning({ name }: { name: string }) {
  const { t } = useI18n();
  const words = usePresetWords();
  const found = useQuery(presetsQuery).data?.find((preset) => preset.name === name);
  if (!found) return null;
  return <p className="px-4 pb-3 text-xs text-muted-foreground">{`${t("preset.name")}: ${words(found.options)}`}</p>;
}
