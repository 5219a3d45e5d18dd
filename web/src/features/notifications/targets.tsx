import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Send, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { call } from "@/api/client";
import type { Targets as Answer, MadeTarget, Target, Tested } from "@/api/types";
import { useFailure } from "@/components/failure";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/misc";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";

const PATH = "/api/notifications/targets";
const KEY = ["notification targets"];
const EVENTS = ["download.done", "download.failed", "download.needs_action", "storage.away", "storage.full"];

/** Where the user is notified. An address is never shown again. */
export function Targets() {
  const { t, locale } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const { data } = useQuery({ queryKey: KEY, queryFn: () => call<Answer>("GET", PATH), staleTime: 0 });
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState<string | null>(null);
  const ask = (doing: Promise<unknown>) =>
    doing.catch(fail).finally(() => void cache.invalidateQueries({ queryKey: KEY }));

  function add(event: FormEvent) {
    event.preventDefault();
    const scans = /^(jellyfin|plex|kodi)\+/.test(url.trim());
    void ask(
      call<MadeTarget>("POST", PATH, { url: url.trim(), events: scans ? [] : EVENTS, language: locale }).then(
        (made) => {
          setSecret(made.secret);
          setUrl("");
        },
      ),
    );
  }
  function test(target: Target) {
    void ask(
      call<Tested>("POST", `${PATH}/${target.id}/test`).then(({ ok, answer }) =>
        ok ? toast(t("note.answerOk")) : toast(t("note.answerBad", { v: answer }), { type: "bad" }),
      ),
    );
  }
  const last = (target: Target) =>
    !target.last_at
      ? t("note.never")
      : target.last_answer === "ok"
        ? t("note.lastOk", { v: ago(target.last_at, locale) })
        : t("note.lastBad", { v: target.last_answer ?? "" });
  return (
    <section aria-labelledby="targets-title">
      <h2 id="targets-title" className="mb-1 px-1 text-base font-semibold tracking-tight">
        {t("note.targets")}
      </h2>
      <p className="mb-3 px-1 text-pretty text-muted-foreground">{t("note.targetsHint")}</p>
      <div className="divide-y overflow-hidden rounded-xl border bg-card">
        {data?.targets.map((target) => (
          <div key={target.id} className="flex items-center gap-3 px-4 py-3">
            <div className="min-w-0 flex-1">
              <p className="truncate font-medium">{target.name || target.label}</p>
              <p className="truncate text-xs text-muted-foreground">{last(target)}</p>
            </div>
            <Button variant="outline" size="sm" onClick={() => test(target)}>
              <Send />
              {t("note.test")}
            </Button>
            <Button
              variant="ghost"
              size="icon"
              aria-label={`${t("note.remove")}: ${target.name || target.label}`}
              onClick={() => void ask(call("DELETE", `${PATH}/${target.id}`))}
            >
              <Trash2 />
            </Button>
          </div>
        ))}
        {secret && (
          <div role="status" className="space-y-2 bg-ok/8 px-4 py-3.5">
            <p className="font-medium">{t("note.secretOnce")}</p>
            <Input readOnly value={secret} aria-label={t("note.secretOnce")} className="font-mono text-xs" />
          </div>
        )}
        <form onSubmit={add} className="flex flex-wrap items-center gap-2 px-4 py-3.5">
          <Input
            aria-label={t("note.address")}
            placeholder={t("note.addressHint")}
            autoComplete="off"
            required
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            className="min-w-40 flex-1"
          />
          <Button type="submit" variant="secondary" disabled={!url.trim()}>
            {t("note.add")}
          </Button>
        </form>
      </div>
    </section>
  );
}
