import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { codeOf } from "@/api/client";
import type { Subscription } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { changeLink } from "./mutations";

/** Another link for a source that moved. Its known entries stay known. */
export default function LinkDialog({ one, onClose }: { one: Subscription; onClose: () => void }) {
  const { t, explain } = useI18n();
  const {
    mutate,
    error,
    isPending: busy,
  } = useMutation({
    ...changeLink,
    onSuccess: () => toast(t("follow.saved")),
  });
  const [url, setUrl] = useState(one.url);
  const wrong = error && explain(codeOf(error));
  function save(event: FormEvent) {
    event.preventDefault();
    mutate({ id: one.id, url: url.trim() }, { onSuccess: onClose });
  }
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent closeLabel={t("common.close")} className="max-w-lg">
        <DialogTitle className="truncate">{t("follow.changeLink")}</DialogTitle>
        <DialogDescription>{t("follow.changeLinkHint")}</DialogDescription>
        <form onSubmit={save} className="space-y-4">
          <Input
            aria-label={t("sub.linkName")}
            type="url"
            required
            spellCheck={false}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
          {wrong && (
            <p role="alert" className="text-[0.8125rem] text-destructive">
              {wrong.what}. {wrong.fix}
            </p>
          )}
          <div className="flex justify-end gap-2">
            <Button type="button" variant="outline" onClick={onClose}>
              {t("follow.cancel")}
            </Button>
            <Button type="submit" disabled={busy || !url.trim() || url.trim() === one.url}>
              {t("follow.save")}
            </Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  );
}
