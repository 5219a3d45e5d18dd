import { useNavigate } from "@tanstack/react-router";
import { ArrowUpToLine, Cookie, EllipsisVertical, ExternalLink, ListX, Pause, Play, RotateCw, X } from "lucide-react";
import type { ReactNode } from "react";
import type { Download } from "@/api/types";
import { placeOf, useMenu } from "@/components/menu-at";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tip";
import { toast } from "@/components/ui/toast";
import { type Key, useI18n } from "@/i18n";
import { useActions } from "./actions";
import { nameOf } from "./states";

type Choice = { key: Key; icon: ReactNode; run: () => void; danger?: boolean };

/** The likeliest thing as a button, everything possible in the menu. */
export function RowActions({ download }: { download: Download }) {
  const { t } = useI18n();
  const choices = useChoices(download);
  const { ask, menu, open } = useMenu();
  const first = choices.find(({ key }) => key !== "job.source");
  const title = nameOf(download);
  const spoken = (key: Key) => `${t(key)}: ${title}`;
  const loud = download.state === "failed" || download.state === "parked";
  return (
    <div className="flex shrink-0 items-center">
      {first && loud && (
        <Button variant="outline" size="sm" aria-label={spoken(first.key)} onClick={first.run}>
          {first.icon}
          <span className="max-sm:hidden">{t(first.key)}</span>
        </Button>
      )}
      {first && !loud && (
        <Tip label={t(first.key)}>
          <Button
            variant="ghost"
            size="icon"
            className="max-sm:hidden"
            aria-label={spoken(first.key)}
            onClick={first.run}
          >
            {first.icon}
          </Button>
        </Tip>
      )}
      <Button
        variant="ghost"
        size="icon"
        aria-label={spoken("job.more")}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={(event) =>
          ask(
            placeOf(event),
            choices.map((choice) => ({ ...choice, label: t(choice.key) })),
          )
        }
      >
        <EllipsisVertical />
      </Button>
      {menu}
    </div>
  );
}

function useChoices(download: Download): Choice[] {
  const { t } = useI18n();
  const actions = useActions();
  const navigate = useNavigate();
  const retry: Choice = { key: "job.retry", icon: <RotateCw />, run: () => void actions.act(download, "retry") };
  const pause: Choice = { key: "job.pause", icon: <Pause />, run: () => void actions.act(download, "pause") };
  const resume: Choice = { key: "job.resume", icon: <Play />, run: () => void actions.act(download, "resume") };
  const first: Choice = {
    key: "job.first",
    icon: <ArrowUpToLine />,
    run: () => void actions.prioritise(download, Math.min(1000, download.priority + 100)),
  };
  const source: Choice = {
    key: "job.source",
    icon: <ExternalLink />,
    run: () => void window.open(download.url, "_blank", "noopener,noreferrer"),
  };
  const clear: Choice = { key: "job.clear", icon: <ListX />, run: () => void actions.clear(download) };
  const cancel: Choice = {
    key: "job.cancel",
    icon: <X />,
    danger: true,
    run: async () => {
      if (await actions.act(download, "cancel"))
        toast(t("job.cancelled"), {
          description: nameOf(download),
          action: { label: t("job.undo"), onClick: () => void actions.revive(download) },
        });
    },
  };
  const cookies: Choice = {
    key: "job.cookies",
    icon: <Cookie />,
    run: () => void navigate({ to: "/settings", hash: "cookies" }),
  };
  const open: Choice = {
    key: "job.open",
    icon: <Play />,
    run: () => void navigate({ to: "/watch/$id", params: { id: String(download.item) } }),
  };
  switch (download.state) {
    case "running":
      return [pause, source, cancel];
    case "queued":
      return download.error ? [retry, pause, source, cancel] : [pause, first, source, cancel];
    case "waiting":
      return [source, cancel];
    case "paused":
      return [resume, source, cancel];
    case "done":
      return [...(download.item ? [open] : []), clear, source];
    case "parked":
      return [retry, cookies, source, clear];
    default:
      return [retry, source, clear];
  }
}
