import { useQuery } from "@tanstack/react-query";
import { WifiOff } from "lucide-react";
import { codeOf } from "@/api/client";
import { useLive } from "@/api/live";
import { sessionQuery } from "@/api/queries";
import { useI18n } from "@/i18n";

/** Above every page while the server does not answer. The page keeps its last known data. */
export function GlobalBar() {
  const { t } = useI18n();
  const live = useLive();
  const { error, failureReason } = useQuery(sessionQuery);
  const away = live === false && codeOf(failureReason ?? error) === "unreachable";
  return (
    <div role="status" aria-live="polite">
      {away && (
        <p className="flex items-center justify-center gap-2.5 border-b border-warn/40 bg-warn/12 px-4 py-2 text-[0.8125rem] font-medium">
          <WifiOff className="size-4 shrink-0 text-warn" />
          {t("app.offline")}
        </p>
      )}
    </div>
  );
}
