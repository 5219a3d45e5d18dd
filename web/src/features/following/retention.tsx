/** How long items of a subscription stay: the rules, and what they would put into the trash now. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import type { Retention, Subscription } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import { type T, useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { useSettled } from "@/lib/settled";
import { Row } from "./filter-fields";
import { keepItems } from "./mutations";
import { removalQuery } from "./queries";

const SETTLE = 600; // ms without a change before the server is asked

const SHOWN = 3; // items of a preview that are named

/** Rules as texts of a form; "" is no rule. */
export type RetentionForm = { last: string; days: string; watched: string };

export const retentionFormOf = ({ keep_last, keep_days, watched_days }: Retention): RetentionForm => ({
  last: keep_last == null ? "" : String(keep_last),
  days: keep_days == null ? "" : String(keep_days),
  watched: watched_days == null ? "" : String(watched_days),
});

export function retentionOf({ last, days, watched }: RetentionForm): Retention {
  return {
    ...(last.trim() && { keep_last: Number(last) }),
    ...(days.trim() && { keep_days: Number(days) }),
    ...(watched.trim() && { watched_days: Number(watched) }),
  };
}

export function isRetention({ last, days, watched }: RetentionForm): boolean {
  const fits = (text: string, least: number, most: number) =>
    !text.trim() || (Number.isInteger(Number(text)) && Number(text) >= least && Number(text) <= most);
  return fits(last, 1, 100_000) && fits(days, 1, 36_500) && fits(watched, 0, 36_500);
}

/** The rules in a few words each. */
export const rulesInWords = ({ keep_last, keep_days, watched_days }: Retention, t: T): string[] => [
  ...(keep_last == null ? [] : [t("keep.last", { n: keep_last })]),
  ...(keep_days == null ? [] : [t("keep.days", { n: keep_days })]),
  ...(watched_days == null ? [] : [t("keep.watched", { n: watched_days })]),
];

type FieldsProps = { form: RetentionForm; onChange: (more: Partial<RetentionForm>) => void };

export function RetentionFields({ form, onChange }: FieldsProps) {
  const { t } = useI18n();
  const fields = [
    ["last", "keep.lastField", 1],
    ["days", "keep.daysField", 1],
    ["watched", "keep.watchedField", 0],
  ] as const;
  return fields.map(([name, label, min]) => (
    <Row key={name} label={t(label)}>
      <Input
        aria-label={t(label)}
        type="number"
        min={min}
        max={name === "last" ? 100_000 : 36_500}
        placeholder={t("follow.noLimit")}
        className="w-32"
        value={form[name]}
        onChange={(event) => onChange({ [name]: event.target.value })}
      />
    </Row>
  ));
}

function useRemoval(id: number, retention: Retention, enabled: boolean) {
  const settled = useSettled(retention, SETTLE);
  return useQuery({ ...removalQuery(id, settled), enabled: enabled && Object.keys(settled).length > 0 });
}

/** Preview of rules: the items that they would remove at once. */
export function RemovalNote({ id, form }: { id: number; form: RetentionForm }) {
  const { t, locale } = useI18n();
  const { data } = useRemoval(id, retentionOf(form), isRetention(form));
  const any = form.last || form.days || form.watched;
  if (!any || !data) return null;
  return (
    <p role="status" className="px-4 py-2.5 text-[0.8125rem] text-muted-foreground">
      {data.count ? t("keep.goes", { n: data.count, v: bytes(data.bytes, locale) }) : t("keep.goesNone")}
    </p>
  );
}

/** The items that go to the trash next, and the way to keep them. */
export function Removal({ one }: { one: Subscription }) {
  const { t, locale } = useI18n();
  const keep = useMutation({
    ...keepItems,
    onSuccess: (_data, ids) => toast(t("keep.kept", { n: ids.length })),
  });
  const { data } = useRemoval(one.id, one.retention, true);
  if (!data?.count || !Object.keys(one.retention).length) return null;
  const ids = data.items.map(({ id }) => id);
  return (
    <div className="mt-3 rounded-lg bg-muted/60 p-3">
      <p className="font-medium">{t("keep.goes", { n: data.count, v: bytes(data.bytes, locale) })}</p>
      <ul className="mt-1.5 space-y-0.5">
        {data.items.slice(0, SHOWN).map(({ id, title }) => (
          <li key={id} className="truncate">
            <Link
              to="/watch/$id"
              params={{ id: String(id) }}
              className="text-muted-foreground hover:text-foreground hover:underline"
            >
              {title}
            </Link>
          </li>
        ))}
      </ul>
      <Button variant="link" size="sm" onClick={() => keep.mutate(ids)}>
        <ShieldCheck />
        {t("keep.these")}
      </Button>
    </div>
  );
}
