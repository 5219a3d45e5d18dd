import { Link } from "@tanstack/react-router";
import { useSystem } from "@/api/queries";
import type { System } from "@/api/types";
import { MountNote } from "@/components/mount-note";
import { StoreNote } from "@/components/store-note";
import { Skeleton } from "@/components/ui/skeleton";
import { UnknownFiles } from "@/components/unknown-files";
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
            <StoreNote />
            <UnknownFiles />
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
            <p className="num text-muted-foreground">
              {t("set.share", { v: bytes(system.usage.charged, locale), n: system.usage.items })}
              {system.usage.quota !== null && ` · ${t("set.quota", { v: bytes(system.usage.quota, locale) })}`}
            </p>
            {system.space.reserved > 0 && (
              <p className="num text-muted-foreground">
                {t("set.reserved", { v: bytes(system.space.reserved, locale) })}
              </p>
            )}
            <p className="num text-muted-foreground">
              {t("set.scrub", { n: system.scrub.checked, of: system.scrub.total })}
            </p>
            {system.scrub.damaged > 0 && <Damaged scrub={system.scrub} />}
            <p className="break-all font-mono text-xs text-muted-foreground">{mount.path}</p>
          </>
        )}
      </div>
    </Card>
  );
}

/** Files that are not what they were; opening one offers to fetch it again. */
function Damaged({ scrub }: { scrub: System["scrub"] }) {
  const { t } = useI18n();
  return (
    <div role="alert" className="rounded-xl border border-warn/40 bg-warn/8 p-4">
      <p className="font-medium">{t("set.damaged", { n: scrub.damaged })}</p>
      <ul className="mt-1 space-y-0.5">
        {scrub.items.map((item) => (
          <li key={item.id} className="truncate">
            <Link to="/watch/$id" params={{ id: String(item.id) }} className="underline">
              {item.title}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
