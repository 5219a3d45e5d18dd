import { Ban, Check, CircleAlert, Clock, Download, EyeOff, Funnel, Pause } from "lucide-react";
import type { ComponentType } from "react";
import { Badge } from "@/components/ui/badge";
import { type Key, useI18n } from "@/i18n";
import type { Decided } from "./reasons";

type Tone = "muted" | "ok" | "warn" | "bad" | "primary";
type Look = [Key, Tone, ComponentType<{ className?: string }>];

const OF_DECISION: Record<Decided["decision"], Look> = {
  done: ["sub.one.done", "ok", Check],
  queued: ["sub.queued", "primary", Clock],
  skipped: ["sub.one.skipped", "muted", Funnel],
  blocked: ["sub.one.blocked", "bad", Ban],
  ignored: ["sub.one.ignored", "muted", EyeOff],
};
/** Downloads of a wanted entry that say more than "queued". */
const OF_STATE: Partial<Record<string, Look>> = {
  running: ["sub.running", "primary", Download],
  needs_action: ["sub.needs_action", "warn", CircleAlert],
  failed: ["sub.failed", "bad", CircleAlert],
  paused: ["sub.paused", "muted", Pause],
  scheduled: ["sub.waiting", "primary", Clock],
};

/** The decision on an entry: colour, icon and word. */
export function DecisionBadge({ entry }: { entry: Decided }) {
  const { t } = useI18n();
  const [key, tone, Icon] = (entry.decision === "queued" && OF_STATE[entry.state ?? ""]) || OF_DECISION[entry.decision];
  return (
    <Badge tone={tone}>
      <Icon className="size-3" />
      {t(key)}
    </Badge>
  );
}
