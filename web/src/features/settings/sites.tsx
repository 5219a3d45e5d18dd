import { useMutation, useQuery } from "@tanstack/react-query";
import { Globe, Pencil, Trash2 } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { SiteRule, SiteRuleChange } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import { useI18n } from "@/i18n";
import { Card, Field, Line } from "./card";
import { changeSiteRule, removeSiteRule } from "./mutations";
import { listedQuery } from "./queries";

const NONE = "/"; // no preset has such a name
const EMPTY: SiteRule = {
  site: "",
  password: false,
  preset: null,
  proxy: null,
  pause_seconds: null,
  hours: null,
  cookies_required: false,
};

/** Rules for sites: how links of one are fetched, and the name and password that are used there. */
export function Sites() {
  const { t } = useI18n();
  const { data } = useQuery(listedQuery("/api/site-rules"));
  const [edited, setEdited] = useState<SiteRule | null>(null);
  return (
    <Card id="sites" title={t("set.sites")} hint={t("set.sitesHint")}>
      {data?.rules.length === 0 && <p className="px-4 py-3.5 text-muted-foreground">{t("set.sitesEmpty")}</p>}
      {data?.rules.map((rule) => (
        <One key={rule.site} rule={rule} onEdit={() => setEdited(rule)} />
      ))}
      {edited ? (
        <Form key={edited.site} rule={edited} onDone={() => setEdited(null)} />
      ) : (
        <div className="flex justify-end px-4 py-3.5">
          <Button variant="secondary" onClick={() => setEdited(EMPTY)}>
            {t("set.siteAdd")}
          </Button>
        </div>
      )}
    </Card>
  );
}

function One({ rule, onEdit }: { rule: SiteRule; onEdit: () => void }) {
  const { t } = useI18n();
  const remove = useMutation(removeSiteRule);
  const parts = [
    rule.preset && `${t("set.sitePreset")}: ${rule.preset}`,
    rule.proxy,
    rule.pause_seconds && `${t("set.sitePause")}: ${rule.pause_seconds} s`,
    rule.hours && `${rule.hours.start}–${rule.hours.end}`,
    rule.cookies_required && t("set.siteCookies"),
    rule.password && t("set.sitePassword"),
  ];
  return (
    <Line
      icon={<Globe />}
      title={rule.site}
      about={<span className="whitespace-normal">{parts.filter(Boolean).join(" · ")}</span>}
    >
      <Button variant="ghost" size="icon" aria-label={`${t("set.siteEdit")}: ${rule.site}`} onClick={onEdit}>
        <Pencil />
      </Button>
      <Button
        variant="ghost"
        size="icon"
        aria-label={`${t("set.remove")}: ${rule.site}`}
        onClick={() => remove.mutate(rule.site)}
      >
        <Trash2 />
      </Button>
    </Line>
  );
}

/** The rule of one site. The name and the password are written together, and so are the beginning and the end of the hours. */
function Form({ rule, onDone }: { rule: SiteRule; onDone: () => void }) {
  const { t } = useI18n();
  const change = useMutation(changeSiteRule);
  const presets = useQuery(listedQuery("/api/presets")).data?.presets ?? [];
  const [now, setNow] = useState({
    ...rule,
    proxy: rule.proxy ?? "",
    pause: String(rule.pause_seconds ?? ""),
    start: rule.hours?.start ?? "",
    end: rule.hours?.end ?? "",
    user: "",
    word: "",
  });
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []); // the button that opened the form may be gone, or far above it
  const set = (change: Partial<typeof now>) => setNow({ ...now, ...change });
  function save(event: FormEvent) {
    event.preventDefault();
    const rule: SiteRuleChange = {
      preset: now.preset,
      proxy: now.proxy.trim() || null,
      pause_seconds: Number(now.pause) || null,
      hours: now.start && now.end ? { start: now.start, end: now.end } : null,
      cookies_required: now.cookies_required,
      ...(now.user && now.word && { account: { user: now.user, password: now.word } }),
    };
    change.mutate({ site: now.site.trim(), ...rule }, { onSuccess: onDone });
  }
  return (
    <form onSubmit={save} autoComplete="off">
      <Field label={t("set.cookiesSite")}>
        {(id) => (
          <Input
            id={id}
            className="w-56"
            placeholder="example.com"
            ref={first}
            required
            readOnly={!!rule.site}
            value={now.site}
            onChange={(event) => set({ site: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("set.sitePreset")} hint={t("set.sitePresetHint")}>
        {() => (
          <Select
            label={t("set.sitePreset")}
            className="w-56"
            value={now.preset ?? NONE}
            onChange={(preset) => set({ preset: preset === NONE ? null : preset })}
            items={[
              { value: NONE, label: t("set.siteNone") },
              ...presets.map(({ name }) => ({ value: name, label: name })),
            ]}
          />
        )}
      </Field>
      <Field label={t("set.siteProxy")}>
        {(id) => (
          <Input
            id={id}
            className="w-56"
            placeholder="socks5://host:1080"
            value={now.proxy}
            onChange={(event) => set({ proxy: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("set.sitePause")} hint={t("set.sitePauseHint")}>
        {(id, hint) => (
          <Input
            id={id}
            aria-describedby={hint}
            className="w-28"
            type="number"
            min={1}
            max={86_400}
            value={now.pause}
            onChange={(event) => set({ pause: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("set.siteHours")} hint={t("set.siteHoursHint")}>
        {(id) => (
          <span className="flex items-center gap-2">
            <Input
              id={id}
              className="w-34"
              type="time"
              required={!!now.end}
              value={now.start}
              onChange={(event) => set({ start: event.target.value })}
            />
            <Input
              aria-label={t("set.siteHoursEnd")}
              className="w-34"
              type="time"
              required={!!now.start}
              value={now.end}
              onChange={(event) => set({ end: event.target.value })}
            />
          </span>
        )}
      </Field>
      <Field label={t("set.siteCookies")} hint={t("set.siteCookiesHint")}>
        {(id) => (
          <Switch
            id={id}
            checked={now.cookies_required}
            onCheckedChange={(cookies_required) => set({ cookies_required })}
          />
        )}
      </Field>
      <Field label={t("set.sitePassword")} hint={t(rule.password ? "set.sitePasswordKept" : "set.sitePasswordHint")}>
        {(id) => (
          <span className="flex flex-wrap items-center gap-2">
            <Input
              id={id}
              className="w-40"
              placeholder={t("set.siteUser")}
              required={!!now.word}
              value={now.user}
              onChange={(event) => set({ user: event.target.value })}
            />
            <Input
              aria-label={t("set.siteWord")}
              className="w-40"
              type="password"
              autoComplete="new-password"
              placeholder={t("set.siteWord")}
              required={!!now.user}
              value={now.word}
              onChange={(event) => set({ word: event.target.value })}
            />
          </span>
        )}
      </Field>
      <div className="flex justify-end gap-2 px-4 py-3.5">
        <Button type="button" variant="ghost" onClick={onDone}>
          {t("set.siteCancel")}
        </Button>
        <Button type="submit" disabled={!now.site.trim()}>
          {t("set.siteSave")}
        </Button>
      </div>
    </form>
  );
}
