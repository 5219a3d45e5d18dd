import { Dialog, DialogContent, DialogTitle } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { type Key, useI18n } from "@/i18n";
import type { Shortcut } from "@/lib/shortcuts";

type Props = { keys: readonly Shortcut[]; onClose: () => void };

/** Which keys do what on this page. */
export default function KeysDialog({ keys, onClose }: Props) {
  const { t } = useI18n();
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent closeLabel={t("common.close")}>
        <DialogTitle>{t("lib.shortcuts")}</DialogTitle>
        <dl className="space-y-2.5">
          {keys.map(({ shown, label }) => (
            <div key={shown} className="flex items-center gap-6">
              <dt className="w-14">
                <Kbd>{shown}</Kbd>
              </dt>
              <dd>{t(label as Key)}</dd>
            </div>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  );
}
