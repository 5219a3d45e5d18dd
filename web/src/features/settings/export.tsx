import { useI18n } from "@/i18n";
import { Card } from "./card";

/** The library as a tree of links under human names: for other players, and for who leaves. */
export function Export() {
  const { t } = useI18n();
  return (
    <Card id="export" title={t("set.export")} hint={t("set.exportHint")}>
      <div className="space-y-2 p-4">
        <p className="text-[0.8125rem]">{t("set.exportHow")}</p>
        <code className="block select-all overflow-x-auto rounded-md border bg-muted px-3 py-2 font-mono text-xs">
          mediafetcher export /srv/media
        </code>
      </div>
    </Card>
  );
}
