import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Dialog, DialogContent, DialogTitle } from "@/components/ui/dialog";
import { useI18n } from "@/i18n";

const route = getRouteApi("/library");

/** Draws the tree of folders; `close` is called when one was chosen. */
export type Folders = (current: string | undefined, close: () => void) => ReactNode;
type Props = { open: boolean; onOpen: (open: boolean) => void; folders: Folders };

/** The folders on a phone: they come in from the left. */
export function Drawer({ open, onOpen, folders }: Props) {
  const { t } = useI18n();
  const { folder } = route.useSearch();
  return (
    <Dialog open={open} onOpenChange={onOpen}>
      <DialogContent
        closeLabel={t("common.close")}
        className="left-0 top-0 h-dvh w-72 translate-x-0 translate-y-0 content-start overflow-y-auto rounded-none border-y-0 border-l-0"
      >
        <DialogTitle>{t("nav.library")}</DialogTitle>
        <div className="-mx-2">{folders(folder, () => onOpen(false))}</div>
      </DialogContent>
    </Dialog>
  );
}
