import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { useI18n } from "@/i18n";

type Props = { title: string; body: ReactNode; action: string; onClose: () => void; onYes: () => void };

/** Only for what cannot be undone. */
export default function Confirm({ title, body, action, onClose, onYes }: Props) {
  const { t } = useI18n();
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent close={false}>
        <DialogTitle>{title}</DialogTitle>
        <DialogDescription>{body}</DialogDescription>
        <div className="flex justify-end gap-2">
          <Button variant="outline" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            variant="destructive"
            onClick={() => {
              onClose();
              onYes();
            }}
          >
            {action}
          </Button>
        </div>
      </DialogContent>
    </Dialog>
  );
}
