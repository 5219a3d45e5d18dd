import { useMutation } from "@tanstack/react-query";
import { Bell, Mail, MonitorPlay, Send, SlidersHorizontal, Smartphone, Trash2, Webhook } from "lucide-react";
import { useId } from "react";
import type { Target, TargetChange } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Switch } from "@/components/ui/switch";
import { toast } from "@/components/ui/toast";
import { type T, useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { cn } from "@/lib/utils";
import { answerWords } from "./event-groups";
import { removeTarget, testTarget } from "./mutations";
import { TargetOptions } from "./target-options";

const KINDS = { webhook: "Webhook", jellyfin: "Jellyfin", plex: "Plex", kodi: "Kodi" } as const;

type Props = {
  target: Target;
  admin: boolean;
  open: boolean;
  onOpen: (open: boolean) => void;
  onChange: (change: TargetChange) => void;
};

/** One target: how its last message went, a test, and what it is told. */
export function TargetRow({ target, admin, open, onOpen, onChange }: Props) {
  const { t, locale } = useI18n();
  const remove = useMutation(removeTarget);
  const test = useMutation({
    ...testTarget,
    onSuccess: ({ ok, answer }) =>
      ok ? toast(t("note.answerOk")) : toast(t("note.answerBad", { v: answerWords(answer, t) }), { type: "bad" }),
  });
  const options = useId();
  const name = target.name || target.label;
  return (
    <section aria-label={name} className="flex flex-wrap items-start gap-x-4 gap-y-3 px-4 py-3.5">
      <span className="grid size-9 shrink-0 place-items-center rounded-lg border bg-muted text-muted-foreground [&_svg]:size-4">
        <Icon target={target} />
      </span>
      <div className="min-w-0 flex-1 basis-52">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 font-medium">
          <span className="wrap-anywhere">{name}</span>
          <Badge>{target.kind === "apprise" ? target.label.split(":")[0] : KINDS[target.kind]}</Badge>
          {target.failures > 0 && <Badge tone="bad">{t("note.failing")}</Badge>}
        </p>
        {target.name && <p className="truncate font-mono text-xs text-muted-foreground">{target.label}</p>}
        <p className="mt-1 flex items-center gap-2 text-xs text-muted-foreground">
          <span aria-hidden className={cn("size-1.5 shrink-0 rounded-full", dot(target))} />
          {status(target, t, locale)}
        </p>
      </div>
      <div className="flex items-center gap-2">
        <Button
          variant="outline"
          size="sm"
          aria-label={`${t("note.test")}: ${name}`}
          onClick={() => test.mutate(target.id)}
        >
          <Send />
          {t("note.test")}
        </Button>
        <Switch
          aria-label={`${t("note.enabled")}: ${name}`}
          checked={target.enabled}
          onCheckedChange={(enabled) => onChange({ enabled })}
        />
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`${t("note.options")}: ${name}`}
          aria-expanded={open}
          aria-controls={options}
          onClick={() => onOpen(!open)}
        >
          <SlidersHorizontal />
        </Button>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`${t("note.remove")}: ${name}`}
          onClick={() => remove.mutate(target.id)}
        >
          <Trash2 />
        </Button>
      </div>
      <div id={options} className="w-full sm:pl-13" hidden={!open}>
        {open && <TargetOptions target={target} admin={admin} onChange={onChange} />}
      </div>
    </section>
  );
}

function Icon({ target }: { target: Target }) {
  if (target.kind === "webhook") return <Webhook />;
  if (target.kind !== "apprise") return <MonitorPlay />;
  if (target.label.startsWith("mailto")) return <Mail />;
  return /^(ntfy|gotify|pover|pbul|bark|prowl|join|tgram|signal)/.test(target.label) ? <Smartphone /> : <Bell />;
}

const dot = (target: Target) =>
  target.failures > 0 ? "bg-destructive" : target.last_at && target.enabled ? "bg-ok" : "bg-muted-foreground";

function status(target: Target, t: T, locale: string): string {
  const waiting = target.waiting ? t("note.waiting", { n: target.waiting }) : "";
  const last = !target.last_at
    ? t("note.never")
    : target.last_answer === "ok"
      ? t("note.lastOk", { v: ago(target.last_at, locale) })
      : t("note.lastBad", { v: answerWords(target.last_answer ?? "rejected", t) });
  return [target.enabled ? "" : t("note.off"), last, waiting].filter(Boolean).join(" · ");
}
