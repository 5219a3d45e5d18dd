/** The fields of a filter: for a list that is about to be followed, and for one that is. */
import { Search } from "lucide-react";
import { type ReactNode, useId } from "react";
import { Input } from "@/components/ui/input";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { daysOf, type FilterForm } from "./wishes";

const AGES = [7, 30, 90, 365]; // days

type Props = {
  form: FilterForm;
  onChange: (more: Partial<FilterForm>) => void /** A pattern that was refused. */;
  wrong?: string;
};

export function FilterFields({ form, onChange, wrong }: Props) {
  const { t } = useI18n();
  return (
    <>
      <Row label={t("follow.length")}>
        <span className="flex items-center gap-2">
          <Minutes label={t("follow.min")} value={form.min} set={(min) => onChange({ min })} />–
          <Minutes label={t("follow.max")} value={form.max} set={(max) => onChange({ max })} />
        </span>
      </Row>
      <Pattern label={t("follow.include")} value={form.include} set={(include) => onChange({ include })} />
      <Pattern label={t("follow.exclude")} value={form.exclude} set={(exclude) => onChange({ exclude })} />
      {wrong && (
        <p role="alert" className="px-4 py-2 text-[0.8125rem] text-destructive">
          {wrong}
        </p>
      )}
      <Published form={form} onChange={onChange} />
      <Row label={t("follow.until")}>
        <Input
          aria-label={t("follow.until")}
          type={daysOf(form.until) === undefined ? "date" : "text"}
          className="w-40"
          value={form.until}
          onChange={(event) => onChange({ until: event.target.value })}
        />
      </Row>
      <Row label={t("follow.shorts")}>
        <Switch
          aria-label={t("follow.shorts")}
          checked={form.shorts}
          onCheckedChange={(shorts) => onChange({ shorts })}
        />
      </Row>
      <Row label={t("follow.live")}>
        <Segmented
          label={t("follow.live")}
          value={form.live}
          onChange={(live) => onChange({ live })}
          items={(["skip", "wait", "record"] as const).map((value) => ({ value, label: t(`follow.live.${value}`) }))}
        />
      </Row>
      <Row label={t("follow.perCheck")}>
        <Input
          aria-label={t("follow.perCheck")}
          type="number"
          min={1}
          max={5000}
          placeholder={t("follow.noLimit")}
          className="w-32"
          value={form.perCheck}
          onChange={(event) => onChange({ perCheck: event.target.value })}
        />
      </Row>
    </>
  );
}

/** A box that finds something. */
export function Find({ label, value, set, className }: FindProps) {
  return (
    <span className={cn("relative", className)}>
      <Search className="pointer-events-none absolute left-3 top-2.5 size-4 text-muted-foreground" />
      <Input
        type="search"
        aria-label={label}
        className="pl-9"
        placeholder={label}
        value={value}
        onChange={(event) => set(event.target.value)}
      />
    </span>
  );
}
type FindProps = { label: string; value: string; set: (value: string) => void; className: string };

/** One line of a card: its name at the left, its control at the right. */
export function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-h-13 flex-wrap items-center gap-x-4 gap-y-1.5 px-4 py-2">
      <span className="flex-1 text-[0.8125rem]">{label}</span>
      {children}
    </div>
  );
}

export function Card({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="overflow-hidden rounded-xl border bg-card">
      <h2 id={id} className="border-b px-4 py-3 font-medium">
        {title}
      </h2>
      <div className="divide-y">{children}</div>
    </section>
  );
}

function Minutes({ label, value, set }: { label: string; value: string; set: (value: string) => void }) {
  return (
    <Input
      aria-label={label}
      placeholder={label}
      type="number"
      min={0}
      max={43_200}
      step="any"
      className="w-24 [&::-webkit-inner-spin-button]:hidden"
      value={value}
      onChange={(event) => set(event.target.value)}
    />
  );
}

function Pattern({ label, value, set }: { label: string; value: string; set: (value: string) => void }) {
  const { t } = useI18n();
  return (
    <Row label={label}>
      <Input
        aria-label={label}
        title={t("follow.pattern")}
        spellCheck={false}
        autoCapitalize="none"
        maxLength={500}
        className="w-full font-mono text-[0.8125rem] sm:w-52"
        value={value}
        onChange={(event) => set(event.target.value)}
      />
    </Row>
  );
}

/** Any time, an age, or since a day. */
function Published({ form, onChange }: Pick<Props, "form" | "onChange">) {
  const { t } = useI18n();
  const days = daysOf(form.since);
  const ages = days === undefined || AGES.includes(days) ? AGES : [...AGES, days].toSorted((a, b) => a - b);
  const chosen = form.since === "" ? "any" : days === undefined ? "day" : form.since;
  const today = new Date().toISOString().slice(0, 10);
  return (
    <Row label={t("follow.published")}>
      <span className="flex flex-wrap items-center justify-end gap-2">
        {chosen === "day" && (
          <Input
            aria-label={t("follow.since")}
            type="date"
            required
            className="w-40"
            value={form.since}
            onChange={(event) => event.target.value && onChange({ since: event.target.value })}
          />
        )}
        <Select
          label={t("follow.published")}
          value={chosen}
          onChange={(value) => onChange({ since: value === "any" ? "" : value === "day" ? today : value })}
          items={[
            { value: "any", label: t("follow.anytime") },
            ...ages.map((n) => ({ value: `${n}d`, label: t("follow.lastDays", { n }) })),
            { value: "day", label: t("follow.sinceDay") },
          ]}
        />
      </span>
    </Row>
  );
}
