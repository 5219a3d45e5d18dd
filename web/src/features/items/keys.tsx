import { Dialog, DialogContent, DialogTitle } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { useI18n } from "@/i18n";

const KEYS = [
  ["/", "lib.search"],
  ["↵", "lib.play"],
  ["X", "lib.select"],
  ["M", "lib.move"],
  ["C", "lib.copy"],
  ["D", "lib.download"],
  ["F2", "lib.rename"],
  ["Del", "lib.delete"],
  ["Ctrl+A", "lib.selectAll"],
  ["Esc", "lib.clear"],
  ["?", "lib.shortcuts"],
] as const;

export function Keys({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog open={open} onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent closeLabel={t("common.close")}>
        <DialogTitle>{t("lib.shortcuts")}</DialogTitle>
        <dl className="space-y-2.5">
          {KEYS.map(([key, label]) => (
            <div key={key} className="flex items-center gap-6">
              <dt className="w-14">
                <Kbd>{key}</Kbd>
              </dt>
              <dd>{t(label)}</dd>
            </div>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  );
}
