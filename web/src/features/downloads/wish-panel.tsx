/** What the links in the box are, and what is wished for them. Loaded with the first link: most visits add none. */
import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { FolderSelect } from "@/components/folder-select";
import { Input } from "@/components/ui/misc";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import { useI18n } from "@/i18n";
import { LinkPreview, usePreview } from "./preview";
import { SubtitlesSelect } from "./subtitles-select";
import { qualities, type Wishes } from "./wishes";

type Props = {
  links: string[];
  wishes: Wishes;
  onChange: (wishes: Partial<Wishes>) => void;
  /** Whether the one link is a playlist. */
  onKind: (list: boolean) => void;
  submit: ReactNode;
};

export default function WishPanel({ links, wishes, onChange, onKind, submit }: Props) {
  const { t } = useI18n();
  const preview = usePreview(links.length === 1 ? links[0] : undefined, onKind);
  const names: Record<string, string> = {
    best: t("add.best"),
    m4a: `${t("add.audio")} · M4A`,
    mp3: `${t("add.audio")} · MP3`,
  };
  const seen = preview.looking ? undefined : preview.data;
  return (
    <div className="border-t">
      <LinkPreview found={preview} links={links} wishes={wishes} onChange={onChange} />
      <div className="flex flex-wrap items-center gap-2 px-3 pb-3 pt-1">
        <Select
          label={t("add.quality")}
          value={wishes.quality}
          onChange={(quality) => onChange({ quality })}
          items={qualities(seen?.heights ?? [], wishes.quality).map((value) => ({
            value,
            label: names[value] ?? t("add.upTo", { v: `${value}p` }),
          }))}
        />
        <FolderSelect value={wishes.folder} onChange={(folder) => onChange({ folder })} />
        <SubtitlesSelect
          value={wishes.subtitles}
          there={seen?.subtitles ?? []}
          onChange={(subtitles) => onChange({ subtitles })}
        />
        <span className="ml-auto max-sm:w-full">{submit}</span>
      </div>
      <details className="group border-t">
        <summary className="flex items-center gap-1.5 px-4 py-2.5 text-[0.8125rem] text-muted-foreground hover:text-foreground [&::-webkit-details-marker]:hidden">
          <ChevronDown className="size-4 -rotate-90 transition-transform group-open:rotate-0" />
          {t("add.more")}
        </summary>
        <div className="grid gap-x-8 gap-y-3 px-4 pb-4 pt-1 sm:grid-cols-2">
          <Times wishes={wishes} onChange={onChange} />
          <Toggle label={t("add.machine")} on={wishes.machine} set={(machine) => onChange({ machine })} />
          <Toggle label={t("add.sponsorblock")} on={wishes.sponsorblock} set={(on) => onChange({ sponsorblock: on })} />
          <Toggle label={t("add.original")} on={wishes.original} set={(original) => onChange({ original })} />
        </div>
      </details>
    </div>
  );
}

function Times({ wishes, onChange }: Pick<Props, "wishes" | "onChange">) {
  const { t } = useI18n();
  const box = (name: "start" | "end", label: string) => (
    <Input
      aria-label={label}
      placeholder="0:00"
      inputMode="numeric"
      pattern="\d+(:\d+){0,2}(\.\d+)?"
      className="h-8 w-20"
      value={wishes[name]}
      onChange={(event) => onChange({ [name]: event.target.value })}
    />
  );
  return (
    <p className="flex items-center gap-2 text-[0.8125rem]">
      <span className="flex-1">{t("add.part")}</span>
      {box("start", t("add.from"))} – {box("end", t("add.to"))}
    </p>
  );
}

function Toggle({ label, on, set }: { label: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <p className="flex min-h-8 items-center gap-3 text-[0.8125rem]">
      <span className="flex-1">{label}</span>
      <Switch aria-label={label} checked={on} onCheckedChange={set} />
    </p>
  );
}
