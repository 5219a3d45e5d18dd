import { Server } from "lucide-react";
import { useSystem } from "@/api/queries";
import { Badge } from "@/components/ui/badge";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { Card, Line } from "./card";

/** The machines that work on the queue; for administrators, where there is more than the server itself. */
export function Machines() {
  const { t, explain, locale } = useI18n();
  const machines = useSystem().data?.workers ?? [];
  if (machines.length < 2) return null;
  return (
    <Card further id="machines" title={t("set.machines")} hint={t("set.machinesHint")}>
      {machines.map((one) => (
        <Line
          key={`${one.name} ${one.started_at}`}
          icon={<Server />}
          title={
            <>
              {one.name} <Badge>{t(one.role === "server" ? "set.server" : "set.worker")}</Badge>
            </>
          }
          about={[
            one.state === "silent" ? t("set.lastSeen", { v: ago(one.seen_at, locale) }) : explained(one.trouble),
            t("set.slots", { n: one.running, of: one.jobs }),
            one.encoders.join(", "),
            !one.cookies && t("set.noKey"),
          ]
            .filter(Boolean)
            .join(" · ")}
        />
      ))}
    </Card>
  );
  function explained(trouble: string | null) {
    return trouble && explain(trouble).what;
  }
}
