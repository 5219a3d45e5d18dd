/** What else may be done with the item that plays. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ban, Download as DownloadIcon, EllipsisVertical, RefreshCw, ShieldCheck, Shuffle, Trash2 } from "lucide-react";
import { ApiError, call } from "@/api/client";
import { keys } from "@/api/keys";
import type { Item } from "@/api/types";
import { useFailure } from "@/components/failure";
import { type Choice, placeOf, useMenu } from "@/components/menu-at";
import { useRemoveItems } from "@/components/remove-items";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";

export function More({ item }: { item: Item }) {
  const { t } = useI18n();
  const { ask, menu, open } = useMenu();
  const navigate = useNavigate();
  const actions = useItemVerbs(item);
  const removal = useRemoveItems(() => navigate({ to: "/library", search: { folder: item.folder || undefined } }));
  const choices: Choice[] = [
    { key: "save", label: t("lib.download"), icon: <DownloadIcon />, run: actions.save },
    ...(item.source_url
      ? [{ key: "refetch", label: t("play.refetch"), icon: <RefreshCw />, run: actions.again("refetch") }]
      : []),
    ...(item.playable === false
      ? [{ key: "convert", label: t("play.convert"), icon: <Shuffle />, run: actions.again("convert") }]
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
  const cache = useQueryClient();
  const fail = useFailure();
  const reload = () => {
    for (const queryKey of [keys.items, keys.folders]) void cache.invalidateQueries({ queryKey });
  };
  /** Runs it; what goes wrong is said. */
  const attempt = (doing: () => Promise<unknown>) => () => void doing().catch(fail).finally(reload);
  return {
    save: () => {
      const link = document.createElement("a");
      link.href = `/media/${item.id}?download=1`;
      link.download = "";
      link.click();
    },
    again: (verb: "refetch" | "convert") =>
      attempt(async () => {
        const path = { id: item.id };
        if (verb === "refetch") await call("POST", "/api/items/{id}/refetch", { path });
        else
          await call("POST", "/api/items/{id}/convert", { path }).catch((reason: unknown) => {
            const loses = reason instanceof ApiError && reason.code === "conversion_loses";
            if (!loses || !window.confirm(`${reason.message}\n\n${t("play.convertLoses")}`)) throw reason;
            return call("POST", "/api/items/{id}/convert", { path, query: { accept_loss: true } });
          });
        toast(t("add.queued", { n: 1 }), { description: item.title });
      }),
    keep: attempt(async () => {
      await call("PATCH", "/api/items/{id}", { path: { id: item.id }, body: { keep: !item.keep } });
      toast(t(item.keep ? "keep.unsaid" : "keep.said"), { description: item.title });
    }),
    never: attempt(async () => {
      await call(item.never ? "DELETE" : "PUT", "/api/sources/{id}/never", { path: { id: item.source ?? 0 } });
      toast(t(item.never ? "play.allowed" : "play.neverSaid"), { description: item.title });
    }),
  };
}
