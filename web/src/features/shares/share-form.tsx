import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { addShare } from "./mutations";

const DAYS = [1, 7, 30, 365];

type Opens = { item?: number; folder?: number; channel?: string; site?: string; q?: string };
type Props = { opens: Opens; title: string };

/** Makes a link, and shows its addresses once. */
export function ShareForm({ opens, title }: Props) {
  const { t } = useI18n();
  const add = useMutation(addShare);
  const [days, setDays] = useState("7");
  const [password, setPassword] = useState("");
  const url = add.data?.url;
  function make(event: FormEvent) {
    event.preventDefault();
    add.mutate({ ...opens, days: days ? Number(days) : null, password: password || null });
  }
  if (url) {
    return (
      <div role="status" className="mb-6 space-y-2 rounded-xl border bg-ok/8 px-4 py-3.5">
        <p className="font-medium">{t("share.once")}</p>
        <Address label={t("share.link")} value={url} />
        <Address label={t("share.feed")} value={`${url}/feed.xml`} />
        <Address label={t("share.list")} value={`${url}/list.m3u8`} />
      </div>
    );
  }
  return (
    <form onSubmit={make} className="mb-6 flex flex-wrap items-center gap-2 rounded-xl border bg-card px-4 py-3.5">
      <p className="wrap-anywhere w-full font-medium">{t("share.making", { v: title })}</p>
      <Select
        label={t("share.days")}
        value={days}
        onChange={setDays}
        items={[
          ...DAYS.map((n) => ({ value: String(n), label: t("share.day", { n }) })),
          { value: "", label: t("share.forever") },
        ]}
      />
      <Input
        type="password"
        autoComplete="new-password"
        minLength={4}
        aria-label={t("share.password")}
        placeholder={t("share.password")}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        className="min-w-40 flex-1"
      />
      <Button type="submit">{t("share.make")}</Button>
    </form>
  );
}

function Address({ label, value }: { label: string; value: string }) {
  return (
    <div className="flex items-center gap-3">
      <span className="w-28 shrink-0 text-xs text-muted-foreground">{label}</span>
      <Input
        readOnly
        aria-label={label}
        value={value}
        className="font-mono text-xs"
        onFocus={(event) => event.target.select()}
      />
    </div>
  );
}
