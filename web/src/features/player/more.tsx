/** Further actions for the item that plays. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  Ban,
  Download as DownloadIcon,
  EllipsisVertical,
  Eye,
  EyeOff,
  RefreshCw,
  ShieldCheck,
  Shuffle,
  Trash2,
} from "lucide-react";
import { ApiError } from "@/api/client";
import type { Item } from "@/api/types";
import { showFailure } from "@/components/failure";
import { useMarkWatched } from "@/components/mark-watched";
import { type Choice, placeOf, useMenu } from "@/components/menu-at";
import { useRemoveItems } from "@/components/remove-items";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { blockSource, convertItem, keepItem, refetchItem } from "./mutations";

export function More({ item }: { item: Item }) {
  const { t } = useI18n();
  const { ask, menu, open } = useMenu();
  const navigate = useNavigate();
  const actions = useItemVerbs(item);
  const removal = useRemoveItems(() => navigate({ to: "/library", search: { folder: item.folder || undefined } }));
  const markWatched = useMarkWatched();
  const choices: Choice[] = [
    { key: "save", label: t("lib.download"), icon: <DownloadIcon />, run: actions.save },
    {
      key: "watched",
      label: t(item.watched ? "lib.markUnwatched" : "lib.markWatched"),
      icon: item.watched ? <EyeOff /> : <Eye />,
      run: () => markWatched([item.id], !item.watched),
    },
    ...(item.source_url
      ? [{ key: "refetch", label: t("play.refetch"), icon: <RefreshCw />, run: actions.refetch }]
      : []),
    ...(item.playable === false
      ? [{ key: "convert", label: t("play.convert"), icon: <Shuffle />, run: actions.convert }]
      : []),
    ...(item.subscription || item.keep
      ? [
          {
            key: "keep",
            label: t(item.keep ? "keep.unkeep" : "keep.keep"),
            icon: <ShieldCheck />,
            run: actions.keep,
          },
        ]
      : []),
    ...(item.source
      ? [{ key: "never", label: t(item.never ? "play.allow" : "play.never"), icon: <Ban />, run: actions.never }]
      : []),
    {
      key: "trash",
      label: t("lib.delete"),
      icon: <Trash2 />,
      danger: true,
      apart: true,
      run: () => removal.remove([item.id]),
    },
  ];
  return (
    <>
      <Button
        variant="outline"
        size="icon"
        aria-label={t("job.more")}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={(event) => ask(placeOf(event), choices)}
      >
        <EllipsisVertical />
      </Button>
      {menu}
      {removal.dialog}
    </>
  );
}

function useItemVerbs(item: Item) {
  const { t } = useI18n();
  const queued = () => toast(t("add.queued", { n: 1 }), { description: item.title });
  const refetching = useMutation({ ...refetchItem, onSuccess: queued });
  const converting = useMutation({
    ...convertItem,
    onSuccess: queued,
    onError: (error, { id, acceptLoss }) => {
      const loses = error instanceof ApiError && error.code === "conversion_loses" && !acceptLoss;
      if (!loses) showFailure(error);
      else if (window.confirm(`${error.message}\n\n${t("play.convertLoses")}`))
        converting.mutate({ id, acceptLoss: true });
    },
  });
  const keeping = useMutation({
    ...keepItem,
    onSuccess: (_data, { keep }) => toast(t(keep ? "keep.said" : "keep.unsaid"), { description: item.title }),
  });
  const blocking = useMutation({
    ...blockSource,
    onSuccess: (_data, { blocked }) =>
      toast(t(blocked ? "play.neverSaid" : "play.allowed"), { description: item.title }),
  });
  const { id } = item;
  return {
    save: () => {
      const link = document.createElement("a");
      link.href = `/media/${id}?download=1`;
      link.download = "";
      link.click();
    },
    refetch: () => refetching.mutate(id),
    convert: () => converting.mutate({ id, acceptLoss: false }),
    keep: () => keeping.mutate({ id, keep: !item.keep }),
    never: () => blocking.mutate({ source: item.source ?? 0, blocked: !item.never }),
  };
}
