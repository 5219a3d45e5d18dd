import { useSystem } from "@/api/queries";
import { MountNote } from "@/components/mount-note";
import { Skeleton } from "@/components/ui/misc";
import { useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { Card } from "./card";

export function Storage() {
  const { t, locale } = useI18n();
  const system = useSystem().data;
  const mount = system?.mount;
  const total = mount?.total ?? 0;
  const free = mount?.free ?? 0;
  const ours = Math.min(system?.library.size ?? 0, total - free);
  return (
    <Card id="storage" title={t("set.storage")}>
      <div className="space-y-3 p-4">
        {!system || !mount ? (
          <Skeleton className="h-16" />
        ) : (
          <>
            <MountNote />
            {total > 0 && (
              <div aria-hidden className="flex h-2.5 gap-0.5 overflow-hidden rounded-full">
                <span className="bg-download" style={{ flexGrow: ours / total }} />
                <span className="bg-muted-foreground/50" style={{ flexGrow: (total - free - ours) / total }} />
                <span className="bg-input" style={{ flexGrow: free / total }} />
              </div>
            )}
            <p className="num text-muted-foreground">
              {total > 0 && `${t("set.used", { u: bytes(total - free, locale), t: bytes(total, locale) })} · `}
              {t("set.libraryHas", { v: bytes(system.library.size, locale), n: system.library.items })}
            </p>
            {system.saved.bytes > 0 && (
              <p className="num text-muted-foreground">
                {t("set.savedTwice", { v: bytes(system.saved.bytes, locale) })}
              </p>
            )}
            <p className="break-all font-mono text-xs text-muted-foreground">{mount.path}</p>
          </>
        )}
      </div>
    </Card>
  );
}
