import { Dialog, DialogContent, DialogTitle } from "@/components/ui/dialog";
import { useI18n } from "@/i18n";
import { Composer, type Draft } from "./composer";

/** The box for links, over any page. */
export default function AddDialog({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent
        closeLabel={t("common.close")}
        className="max-h-[calc(100dvh-2rem)] max-w-3xl overflow-y-auto max-sm:top-auto max-sm:bottom-0 max-sm:w-full max-sm:translate-y-0 max-sm:rounded-b-none"
      >
        <DialogTitle>{t("add.heading")}</DialogTitle>
        <Composer {...draft} onSent={onClose} focus />
      </DialogContent>
    </Dialog>
  );
}
