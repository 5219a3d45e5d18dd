/** Shows the first run or the sign-in without a session, else the shell with the page of the address. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { CircleAlert } from "lucide-react";
import { useEffect } from "react";
import { codeOf } from "@/api/client";
import { listen } from "@/api/live";
import { sessionQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { FirstRun } from "@/features/account/first-run";
import { SignIn } from "@/features/account/sign-in";
import { useI18n } from "@/i18n";
import { useLater } from "@/lib/later";
import { Shell } from "./shell";

export function Gate() {
  const session = useQuery(sessionQuery);
  const putOff = useLater();
  if (session.data?.user && session.data.setup && !putOff)
    return (
      <Live key={session.data.user.id}>
        <FirstRun owner />
      </Live>
    );
  if (session.data?.user)
    return (
      <Live key={session.data.user.id}>
        <Shell>
          <Outlet />
        </Shell>
      </Live>
    );
  if (session.data) return session.data.setup ? <FirstRun /> : <SignIn />;
  return session.isError ? <Unreachable error={session.error} again={() => void session.refetch()} /> : null;
}

/** Keeps the stream of events open during a session. */
function Live({ children }: { children: React.ReactNode }) {
  const cache = useQueryClient();
  useEffect(() => listen(cache), [cache]);
  return children;
}

function Unreachable({ error, again }: { error: unknown; again: () => void }) {
  const { t, explain } = useI18n();
  const { what, fix } = explain(codeOf(error));
  return (
    <main className="grid h-dvh place-items-center">
      <Empty
        page
        icon={<CircleAlert />}
        title={what}
        body={fix}
        action={
          <Button variant="outline" onClick={again}>
            {t("app.retry")}
          </Button>
        }
      />
    </main>
  );
}
