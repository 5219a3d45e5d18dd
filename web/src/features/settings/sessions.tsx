import { useMutation, useQuery } from "@tanstack/react-query";
import { Monitor, Smartphone } from "lucide-react";
import type { OpenSession } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { Card, Line } from "./card";
import { endSession } from "./mutations";
import { listedQuery } from "./queries";

/** "Firefox · Linux" out of the long line that browsers send. */
function agentName(agent: string | null): string {
  if (!agent) return "–";
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(`${name}/`));
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name));
  return (
    [browser?.replace("Edg", "Edge").replace("OPR", "Opera"), system].filter(Boolean).join(" · ") || agent.slice(0, 60)
  );
}

export function Sessions() {
  const { t } = useI18n();
  const { data } = useQuery(listedQuery("/api/sessions"));
  return (
    <Card id="sessions" title={t("set.sessions")} hint={t("set.sessionsHint")}>
      {data ? (
        data.sessions.map((session) => <One key={session.id} session={session} />)
      ) : (
        <Skeleton className="h-14 rounded-none" />
      )}
    </Card>
  );
}

function One({ session }: { session: OpenSession }) {
  const { t, locale } = useI18n();
  const end = useMutation(endSession);
  const name = agentName(session.agent);
  const seen = session.last_seen_at ?? session.created_at;
  return (
    <Line
      icon={/Android|iPhone|iPad/.test(name) ? <Smartphone /> : <Monitor />}
      title={
        <>
          {name} {session.current && <Badge tone="ok">{t("set.thisOne")}</Badge>}
        </>
      }
      about={[session.address, t("set.lastSeen", { v: ago(seen, locale) })].filter(Boolean).join(" · ")}
    >
      {!session.current && (
        <Button
          variant="outline"
          size="sm"
          aria-label={`${t("set.end")}: ${name}`}
          onClick={() => end.mutate(session.id)}
        >
          {t("set.end")}
        </Button>
      )}
    </Line>
  );
}
