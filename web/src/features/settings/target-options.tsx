import { Check, Languages, Moon, Plus } from "lucide-react";
import { useEffect, useId, useState } from "react";
import type { QuietHours, Target, TargetChange } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import { LOCALES, useI18n } from "@/i18n";
import { timeOf } from "@/lib/format";
import { cn } from "@/lib/utils";
import { answerWords, GROUPS, groupOf, includes, isMediaServer, toggled } from "./event-groups";

type Props = { target: Target; admin: boolean; onChange: (change: TargetChange) => void };
const LANGUAGES = Object.entries(LOCALES).map(([value, label]) => ({ value: value as Target["language"], label }));
const NIGHT = { start: "22:00", end: "07:00" };

/** The events, the language and the quiet hours of a target. */
export function TargetOptions({ target, admin, onChange }: Props) {
  const { t } = useI18n();
  return (
    <div className="space-y-4">
      <Name name={target.name} onSave={(name) => onChange({ name })} />
      <Events target={target} admin={admin} onChange={onChange} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        {target.kind === "apprise" && (
          <Select
            label={t("note.language")}
            icon={<Languages />}
            value={target.language}
            onChange={(language) => onChange({ language })}
            items={LANGUAGES}
          />
        )}
        <Quiet quiet={target.quiet} onSave={(quiet) => onChange({ quiet })} />
      </div>
      <Answers target={target} />
    </div>
  );
}

function Name({ name, onSave }: { name: string; onSave: (name: string) => void }) {
  const { t } = useI18n();
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const save = () => text.trim() !== name && onSave(text.trim());
  return (
    <Input
      aria-label={t("note.name")}
      placeholder={t("note.name")}
      maxLength={100}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => event.key === "Enter" && save()}
      className="max-w-72"
    />
  );
}

function Events({ target, admin, onChange }: Props) {
  const { t } = useI18n();
  const id = useId();
  const scans = isMediaServer(target.kind);
  const chosen = GROUPS.filter((group) => includes(group, target.events));
  return (
    <fieldset aria-labelledby={id}>
      <p id={id} className="mb-2 text-xs text-muted-foreground">
        {t(scans ? "note.scanEvents" : "note.events")}
      </p>
      <div className="flex flex-wrap gap-1.5">
        {GROUPS.filter((group) => admin || !group.admin || chosen.includes(group)).map((group) => {
          const on = chosen.includes(group);
          return (
            <button
              key={group.key}
              type="button"
              aria-pressed={on}
              disabled={on && !scans && chosen.length === 1}
              onClick={() => onChange({ events: toggled(group, target.events) })}
              className={cn(
                "inline-flex h-7 items-center gap-1.5 rounded-full border px-3 text-[0.8125rem] outline-none focus-visible:ring-2 focus-visible:ring-ring pointer-coarse:h-10 [&_svg]:size-3.5",
                on
                  ? "border-transparent bg-secondary [&_svg]:text-primary-text"
                  : "text-muted-foreground hover:bg-accent",
              )}
            >
              {on ? <Check /> : <Plus />}
              {t(group.key)}
            </button>
          );
        })}
      </div>
    </fieldset>
  );
}

/** Two times in the time zone of this browser, sent when both can be used. */
function Quiet({ quiet, onSave }: { quiet: QuietHours | null; onSave: (quiet: QuietHours | null) => void }) {
  const { t } = useI18n();
  const id = useId();
  const [times, setTimes] = useState(quiet ?? NIGHT);
  const { start, end } = quiet ?? NIGHT;
  useEffect(() => setTimes({ start, end }), [start, end]);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const save = () => {
    if (times.start === start && times.end === end) return;
    if (times.start && times.end && times.start !== times.end) onSave({ ...times, timezone: zone });
    else setTimes({ start, end });
  };
  const time = (which: "start" | "end") => (
    <Input
      type="time"
      aria-label={t(which === "start" ? "note.quietFrom" : "note.quietUntil")}
      value={times[which]}
      onChange={(event) => setTimes({ ...times, [which]: event.target.value })}
      onBlur={save}
      onKeyDown={(event) => event.key === "Enter" && save()}
      className="num w-32"
    />
  );
  return (
    <div className="flex flex-wrap items-center gap-2 text-[0.8125rem]">
      <label htmlFor={id} className="flex h-9 items-center gap-2">
        <Moon className="size-4 text-muted-foreground" />
        {t("note.quiet")}
        <Switch
          id={id}
          checked={quiet !== null}
          onCheckedChange={(on) => onSave(on ? { ...NIGHT, timezone: zone } : null)}
        />
      </label>
      {quiet && (
        <div className="flex flex-wrap items-center gap-2">
          <span className="flex items-center gap-2">
            {time("start")}
            <span aria-hidden>–</span>
            {time("end")}
          </span>
          {quiet.timezone && <span className="text-xs text-muted-foreground">{quiet.timezone}</span>}
        </div>
      )}
    </div>
  );
}

function Answers({ target }: { target: Target }) {
  const { t, locale } = useI18n();
  if (target.answers.length === 0) return null;
  return (
    <table className="w-full overflow-hidden rounded-lg border text-xs [&_td]:border-t [&_td]:px-3 [&_td]:py-2">
      <caption className="mb-2 text-left text-muted-foreground">{t("note.answers")}</caption>
      <tbody>
        {target.answers.map((each, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: answers have no number, and are replaced together
          <tr key={row}>
            <td className="num w-px whitespace-nowrap text-muted-foreground">{timeOf(each.at, locale)}</td>
            <td className="w-px whitespace-nowrap">
              <Badge tone={each.answer === "ok" ? "ok" : "warn"}>{answerWords(each.answer ?? "rejected", t)}</Badge>
            </td>
            <td>{eventName(each.type, t)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function eventName(event: string | null, t: ReturnType<typeof useI18n>["t"]): string {
  const group = event === null ? undefined : groupOf(event);
  return group ? t(group.key) : (event ?? t("note.scan"));
}
