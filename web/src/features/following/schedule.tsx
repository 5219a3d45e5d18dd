/** When and how fast the downloads of a subscription begin: hours of the day, daily limits, and pauses. */
import type { Schedule } from "@/api/types";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { type T, useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { Row } from "./filter-fields";

const NIGHT = { start: "22:00", end: "06:00" };
const GB = 1e9;

/** A schedule as texts of a form; "" is no limit, and undefined hours are all of the day. */
export type ScheduleForm = {
  hours?: { start: string; end: string; timezone?: string | null };
  downloads: string;
  gigabytes: string;
  pause: string;
};

export const scheduleFormOf = ({ hours, daily_downloads, daily_bytes, pause_seconds }: Schedule): ScheduleForm => ({
  ...(hours && { hours }),
  downloads: daily_downloads == null ? "" : String(daily_downloads),
  gigabytes: daily_bytes == null ? "" : String(daily_bytes / GB),
  pause: pause_seconds == null ? "" : String(pause_seconds),
});

export function scheduleOf({ hours, downloads, gigabytes, pause }: ScheduleForm): Schedule {
  return {
    ...(hours && { hours }),
    ...(downloads.trim() && { daily_downloads: Number(downloads) }),
    ...(gigabytes.trim() && { daily_bytes: Math.round(Number(gigabytes) * GB) }),
    ...(pause.trim() && { pause_seconds: Number(pause) }),
  };
}

export function isSchedule({ hours, downloads, gigabytes, pause }: ScheduleForm): boolean {
  const whole = (text: string, most: number) =>
    !text.trim() || (Number.isInteger(Number(text)) && Number(text) >= 1 && Number(text) <= most);
  const size = Number(gigabytes);
  const fits = !gigabytes.trim() || (size >= 0.001 && size <= 1e6);
  const some = !hours || (hours.start !== "" && hours.end !== "" && hours.start !== hours.end);
  return some && fits && whole(downloads, 5000) && whole(pause, 3600);
}

/** The limits in a few words each. */
export const scheduleInWords = (schedule: Schedule, t: T, locale: string): string[] => [
  ...(schedule.hours ? [t("pace.hours", { a: schedule.hours.start, b: schedule.hours.end })] : []),
  ...(schedule.daily_downloads == null ? [] : [t("pace.downloads", { n: schedule.daily_downloads })]),
  ...(schedule.daily_bytes == null ? [] : [t("pace.bytes", { v: bytes(schedule.daily_bytes, locale) })]),
  ...(schedule.pause_seconds == null ? [] : [t("pace.pause", { n: schedule.pause_seconds })]),
];

type FieldsProps = { form: ScheduleForm; onChange: (more: Partial<ScheduleForm>) => void };

export function ScheduleFields({ form, onChange }: FieldsProps) {
  const { t } = useI18n();
  const { hours } = form;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const fields = [
    ["downloads", "pace.downloadsField", 1, 5000],
    ["gigabytes", "pace.bytesField", 0, 1e6],
    ["pause", "pace.pauseField", 1, 3600],
  ] as const;
  return (
    <>
      <Row label={t("pace.hoursField")}>
        <Switch
          aria-label={t("pace.hoursField")}
          checked={!!hours}
          onCheckedChange={(on) => onChange({ hours: on ? { ...NIGHT, timezone: zone } : undefined })}
        />
        {hours && (
          <span className="flex w-full items-center justify-end gap-2">
            {(["start", "end"] as const).map((which) => (
              <Input
                key={which}
                type="time"
                required
                aria-label={t(which === "start" ? "pace.from" : "pace.until")}
                className="num w-32"
                value={hours[which]}
                onChange={(event) => onChange({ hours: { ...hours, timezone: zone, [which]: event.target.value } })}
              />
            ))}
          </span>
        )}
      </Row>
      {fields.map(([name, label, min, max]) => (
        <Row key={name} label={t(label)}>
          <Input
            aria-label={t(label)}
            type="number"
            min={min}
            max={max}
            step={name === "gigabytes" ? "any" : 1}
            placeholder={t("follow.noLimit")}
            className="w-32"
            value={form[name]}
            onChange={(event) => onChange({ [name]: event.target.value })}
          />
        </Row>
      ))}
    </>
  );
}
