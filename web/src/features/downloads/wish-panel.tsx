/** Previews and options of the links in the box. Loaded with the first link: most visits add none. */
import { ChevronDown, Rss } from "lucide-react";
import type { ReactNode } from "react";
import { FolderSelect } from "@/components/folder-select";
import { QualitySelect } from "@/components/quality-select";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { useI18n } from "@/i18n";
import { LANGUAGE_LIST } from "@/lib/languages";
import { PresetChoice, PresetMeaning } from "./preset-choice";
import { LinkPreview, usePreview } from "./preview";
import { SubtitlesSelect } from "./subtitles-select";
import type { Wishes } from "./wishes";

type Props = {
  links: string[];
  /** Whether the links are on their way to the server. */
  sending: boolean;
  wishes: Wishes;
  onChange: (wishes: Partial<Wishes>) => void;
  /** Whether the one link is a playlist. */
  onKind: (list: boolean) => void;
  submit: ReactNode;
};

export default function WishPanel({ links, sending, wishes, onChange, onKind, submit }: Props) {
  const { t } = useI18n();
  const preview = usePreview(links.length === 1 ? links[0] : undefined, sending, onKind);
  const seen = preview.looking ? undefined : preview.data;
  return (
    <div className="border-t">
      <LinkPreview found={preview} links={links} wishes={wishes} onChange={onChange} />
      <div className="flex flex-wrap items-center gap-2 px-3 pb-3 pt-1">
        <PresetChoice wishes={wishes} onChange={onChange} />
        <QualitySelect
          default={wishes.preset ? t("preset.quality") : undefined}
          value={wishes.quality}
          onChange={(quality) => onChange({ quality })}
          heights={seen?.heights ?? []}
        />
        <FolderSelect value={wishes.folder} onChange={(folder) => onChange({ folder })} />
        <SubtitlesSelect
          value={wishes.subtitles}
          there={seen?.subtitles ?? []}
          onChange={(subtitles) => onChange({ subtitles })}
        />
        <span className="ml-auto flex gap-2 max-sm:w-full">{submit}</span>
      </div>
      {wishes.preset && <PresetMeaning name={wishes.preset} />}
      {seen?.kind === "playlist" && (
        <p className="flex items-start gap-2.5 border-t bg-primary/5 px-4 py-2.5 text-[0.8125rem]">
          <Rss className="mt-0.5 size-4 shrink-0 text-primary-text" />
          <span>
            <span className="font-medium">{t("follow.instead")}</span>{" "}
            <span className="text-muted-foreground">{t("follow.insteadBody")}</span>
          </span>
        </p>
      )}
      {/* A field that is refused must be seen: what is closed opens. */}
      <details
        className="group border-t"
        onInvalidCapture={(event) => {
          event.currentTarget.open = true;
          event.target instanceof HTMLElement && event.target.setAttribute("aria-invalid", "true");
        }}
        onInput={(event) => event.target instanceof HTMLElement && event.target.removeAttribute("aria-invalid")}
      >
        <summary className="flex items-center gap-1.5 px-4 py-2.5 text-[0.8125rem] text-muted-foreground hover:text-foreground [&::-webkit-details-marker]:hidden">
          <ChevronDown className="size-4 -rotate-90 transition-transform group-open:rotate-0" />
          {t("add.more")}
        </summary>
        <div className="grid gap-x-8 gap-y-3 px-4 pb-4 pt-1 sm:grid-cols-2">
          <Times wishes={wishes} onChange={onChange} />
          <Toggle label={t("add.machine")} on={wishes.machine} set={(machine) => onChange({ machine })} />
          <Line label={t("add.spoken")}>
            <Input
              aria-label={t("add.spoken")}
              placeholder="de, original"
              title={t("add.spokenForm")}
              pattern={LANGUAGE_LIST}
              className="h-8 w-44"
              value={wishes.spoken}
              onChange={(event) => onChange({ spoken: event.target.value })}
            />
          </Line>
          <Toggle label={t("add.sponsorblock")} on={wishes.sponsorblock} set={(on) => onChange({ sponsorblock: on })} />
          <Toggle label={t("add.original")} on={wishes.original} set={(original) => onChange({ original })} />
          <Toggle label={t("add.copy")} on={wishes.copy} set={(copy) => onChange({ copy })} />
          <Toggle
            label={t("add.browser")}
            on={wishes.browser && !wishes.proxy}
            off={Boolean(wishes.proxy)}
            set={(browser) => onChange({ browser })}
          />
          <Line label={t("add.proxy")}>
            <Input
              aria-label={t("add.proxy")}
              placeholder="socks5://host:1080"
              title={t("add.proxyForm")}
              pattern="\s*(https?|socks5)://[^@\/]+:\d+\/?\s*"
              className="h-8 w-44"
              value={wishes.proxy}
              onChange={(event) => onChange({ proxy: event.target.value })}
            />
          </Line>
          <Line label={t("add.rate")}>
            <Input
              aria-label={t("add.rate")}
              type="number"
              min={2}
              className="h-8 w-24"
              value={wishes.rate}
              onChange={(event) => onChange({ rate: event.target.value })}
            />
          </Line>
          <Line label={t("add.liveMax")}>
            <Clock label={t("add.liveMax")} value={wishes.live} set={(live) => onChange({ live })} />
          </Line>
          <Toggle label={t("add.fromStart")} on={wishes.fromStart} set={(fromStart) => onChange({ fromStart })} />
          <Line label={t("add.referer")}>
            <Input
              aria-label={t("add.referer")}
              placeholder="https://"
              title={t("add.refererForm")}
              pattern="\s*https?:\/\/[^\s@\/]+(\/\S*)?\s*"
              className="h-8 w-44"
              value={wishes.referer}
              onChange={(event) => onChange({ referer: event.target.value })}
            />
          </Line>
        </div>
      </details>
    </div>
  );
}

function Times({ wishes, onChange }: Pick<Props, "wishes" | "onChange">) {
  const { t } = useI18n();
  return (
    <Line label={t("add.part")}>
      <Clock label={t("add.from")} value={wishes.start} set={(start) => onChange({ start })} /> –{" "}
      <Clock label={t("add.to")} value={wishes.end} set={(end) => onChange({ end })} />
    </Line>
  );
}

function Clock({ label, value, set }: { label: string; value: string; set: (value: string) => void }) {
  return (
    <Input
      aria-label={label}
      placeholder="0:00"
      inputMode="numeric"
      pattern="\d+(:\d+){0,2}(\.\d+)?"
      className="h-8 w-20"
      value={value}
      onChange={(event) => set(event.target.value)}
    />
  );
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <p className="flex min-h-8 items-center gap-2 text-[0.8125rem]">
      <span className="flex-1">{label}</span>
      {children}
    </p>
  );
}

type ToggleProps = { label: string; on: boolean; off?: boolean; set: (on: boolean) => void };

function Toggle({ label, on, off = false, set }: ToggleProps) {
  return (
    <Line label={label}>
      <Switch aria-label={label} checked={on} disabled={off} onCheckedChange={set} />
    </Line>
  );
}
