import { HardDrive } from "lucide-react";
import { useSystem } from "@/api/queries";
import { useI18n } from "@/i18n";

const CODES = { offline: "media_offline", full: "disk_full", read_only: "media_read_only" } as const;

/** Says in words what is wrong with the media folder; nothing while all is well. */
export function MountNote() {
  const { explain, locale } = useI18n();
  const mount = useSystem().data?.mount;
  if (!mount || mount.state === "online") return null;
  const { what, fix } = explain(CODES[mount.state]);
  return (
    <div role="alert" className="flex items-start gap-3 rounded-xl border border-warn/40 bg-warn/8 p-4">
      <HardDrive className="mt-0.5 size-5 shrink-0 text-warn" />
      <div className="min-w-0">
        <p className="font-medium">{what}</p>
        <p className="text-pretty text-muted-foreground">
          {fix} <span className="break-all font-mono text-xs">{mount.path}</span>
        </p>
        {mount.reason && locale === "en" && (
          <p className="mt-1 text-pretty text-xs text-muted-foreground">{mount.reason}</p>
        )}
      </div>
    </div>
  );
}
