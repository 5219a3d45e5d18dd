import { useQueryClient } from "@tanstack/react-query";
import { Eye, FolderTree, HardDrive, KeyRound } from "lucide-react";
import { type ReactNode, useState } from "react";
import { call } from "@/api/client";
import { useSession, useSystem } from "@/api/queries";
import type { StoreDecision, StoreStatus } from "@/api/types";
import { useFailure } from "@/components/failure";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";

type Decision = StoreDecision["decision"];
const CHOICES: [Decision, "take" | "separate" | "readOnly", ReactNode][] = [
  ["take", "take", <KeyRound key="take" />],
  ["separate", "separate", <FolderTree key="separate" />],
  ["read-only", "readOnly", <Eye key="read-only" />],
];
const REASONS = ["foreign", "contested", "unknown_files", "rolled_back", "restored", "moved", "cloned"] as const;

/** Says that this installation must not change the media folder, and lets an administrator decide; else nothing. */
export function StoreNote() {
  const { t } = useI18n();
  const store = useSystem().data?.store;
  const admin = !!useSession().data?.user?.admin;
  if (!store || store.state === "owned") return null;
  const reason = REASONS.find((each) => each === store.reason);
  return (
    <section aria-label={t("store.title")} className="rounded-xl border border-warn/40 bg-warn/8 p-4">
      <div role="alert" className="flex items-start gap-3">
        <HardDrive className="mt-0.5 size-5 shrink-0 text-warn" />
        <div className="min-w-0">
          <p className="font-medium">{t(store.state === "read_only" ? "store.readOnlyNow" : "store.title")}</p>
          <p className="text-pretty text-muted-foreground">
            {reason && `${t(`store.why.${reason}`)} `}
            {t(store.state === "read_only" ? "store.readOnlyNowHint" : "store.hint")}
          </p>
        </div>
      </div>
      {admin ? (
        <Choices undecided={store.state === "frozen"} />
      ) : (
        <p className="mt-2 text-pretty text-sm text-muted-foreground">{t("store.askAdmin")}</p>
      )}
    </section>
  );
}

function Choices({ undecided }: { undecided: boolean }) {
  const { t } = useI18n();
  const [busy, setBusy] = useState(false);
  const cache = useQueryClient();
  const fail = useFailure();
  const decide = async (decision: Decision) => {
    setBusy(true);
    try {
      await call<StoreStatus>("POST", "/api/store", { decision });
      await cache.invalidateQueries();
    } catch (error) {
      fail(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <ul className="mt-4 grid gap-3 sm:grid-cols-3">
      {CHOICES.filter(([decision]) => undecided || decision === "take").map(([decision, name, icon]) => (
        <li key={decision} className="flex flex-col gap-2 rounded-lg border bg-card p-3">
          <p className="flex items-center gap-2 font-medium [&_svg]:size-4">
            {icon}
            {t(`store.${name}`)}
          </p>
          <p className="grow text-pretty text-sm text-muted-foreground">{t(`store.${name}Hint`)}</p>
          <Button variant="outline" size="sm" disabled={busy} onClick={() => void decide(decision)}>
            {t(`store.${name}`)}
          </Button>
        </li>
      ))}
    </ul>
  );
}
