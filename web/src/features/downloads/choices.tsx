/** Actions of a download, the likeliest first. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  ArrowDown,
  ArrowUp,
  ArrowUpToLine,
  Cookie,
  ExternalLink,
  HardDrive,
  ListX,
  Pause,
  Pencil,
  Play,
  RotateCw,
  ScrollText,
  Sparkles,
  Square,
  Trash2,
  X,
} from "lucide-react";
import { sessionQuery } from "@/api/queries";
import type { Download } from "@/api/types";
import { askToAdd } from "@/components/add-store";
import type { Choice } from "@/components/menu-at";
import { toast } from "@/components/ui/toast";
import { type Key, useI18n } from "@/i18n";
import { canRetry, type Remedy, remedyFor } from "./attention";
import { actOnDownload, cancelDownload, clearDownload, reviveDownload, updateAndRetry } from "./mutations";
import { nameOf } from "./states";

/** In the queue: one place up (-1), down (1), or to the front. Absent where there is no way. */
export type Shift = { up?: () => void; down?: () => void; first?: () => void };

export function useChoices(
  download: Download,
  { shift, onLog, onDiscard }: { shift?: Shift; onLog: () => void; onDiscard: () => void },
): Choice[] {
  const { t } = useI18n();
  const act = useMutation(actOnDownload);
  const cancelling = useMutation({
    ...cancelDownload,
    onSuccess: () =>
      toast(t("job.cancelled"), {
        description: nameOf(download),
        action: { label: t("job.undo"), onClick: () => revive.mutate(download.id) },
      }),
  });
  const stopping = useMutation({
    ...cancelDownload,
    onSuccess: () => toast(t("job.stopped"), { description: nameOf(download) }),
  });
  const revive = useMutation(reviveDownload);
  const clearing = useMutation(clearDownload);
  const update = useMutation(updateAndRetry);
  const navigate = useNavigate();
  const admin = !!useQuery(sessionQuery).data?.user?.admin;
  const choice = (key: Key, icon: React.ReactNode, run: () => void, danger?: boolean): Choice => ({
    key,
    label: t(key),
    icon,
    run,
    danger,
  });
  const settings = (section: string, site?: string) => () =>
    void navigate({ to: "/settings/$section", params: { section }, search: { site } });
  const { id } = download;
  const retry = choice("job.retry", <RotateCw />, () => act.mutate({ id, verb: "retry" }));
  const pause = choice("job.pause", <Pause />, () => act.mutate({ id, verb: "pause" }));
  const resume = choice("job.resume", <Play />, () => act.mutate({ id, verb: "resume" }));
  const clear = choice("job.clear", <ListX />, () => clearing.mutate(id));
  const rest = [
    choice("job.source", <ExternalLink />, () => void window.open(download.url, "_blank", "noopener,noreferrer")),
    choice("job.log", <ScrollText />, onLog),
  ];
  const cancel = choice("job.cancel", <X />, () => cancelling.mutate({ id }), true);
  const endRecording = [
    choice("job.stop", <Square />, () => stopping.mutate({ id, keep: true })),
    choice("job.discard", <Trash2 />, onDiscard, true),
  ];
  const ends = download.recording ? endRecording : [cancel];
  const turns = [
    ...(shift?.first ? [choice("job.first", <ArrowUpToLine />, shift.first)] : []),
    ...(shift?.up ? [choice("job.up", <ArrowUp />, shift.up)] : []),
    ...(shift?.down ? [choice("job.down", <ArrowDown />, shift.down)] : []),
  ];
  const edit = choice("job.edit", <Pencil />, () =>
    askToAdd({ text: download.url, folder: download.folder, options: download.options, replaces: download.id }),
  );
  const remedies: Record<Remedy, Choice> = {
    retry,
    clear,
    edit,
    cookies: choice("job.cookies", <Cookie />, settings("cookies", download.site)),
    ytdlp: choice("job.ytdlp", <Sparkles />, () => update.mutate(id)),
    storage: choice("job.storage", <HardDrive />, settings("storage")),
  };

  switch (download.state) {
    case "running":
      return [pause, ...rest, ...ends];
    case "queued":
      return download.error ? [retry, pause, ...turns, ...rest, ...ends] : [pause, ...turns, ...rest, ...ends];
    case "scheduled":
    case "expanded":
      return [...rest, ...ends];
    case "paused":
      return [resume, ...turns, ...rest, ...ends];
    case "done":
      return [
        ...(download.item
          ? [
              choice(
                "job.open",
                <Play />,
                () => void navigate({ to: "/watch/$id", params: { id: String(download.item) } }),
              ),
            ]
          : []),
        clear,
        ...rest,
      ];
    case "cancelled":
      return [retry, edit, ...rest, clear];
    default: {
      const best = remedies[remedyFor(download, admin)];
      const others = [...(canRetry(download) ? [retry] : []), edit, clear];
      return [best, ...others.filter((each) => each !== best), ...rest];
    }
  }
}
