import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogTitle } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { useI18n } from "@/i18n";

type Props = { title: string; onClose: () => void; onRename: (title: string) => void };

export function RenameDialog({ title, onClose, onRename }: Props) {
  const { t } = useI18n();
  const [name, setName] = useState(title);
  const send = (event: FormEvent) => {
    event.preventDefault();
    onClose();
    if (name.trim() && name.trim() !== title) onRename(name.trim());
  };
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent closeLabel={t("common.close")}>
        <DialogTitle>{t("lib.rename")}</DialogTitle>
        <form onSubmit={send} className="space-y-4">
          <Input
            autoFocus
            aria-label={t("lib.title")}
            maxLength={500}
            value={name}
            onFocus={(event) => event.target.select()}
            onChange={(event) => setName(event.target.value)}
          />
          <div className="flex justify-end gap-2">
            <Button variant="outline" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" disabled={!name.trim()}>
              {t("lib.rename")}
            </Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  );
}
