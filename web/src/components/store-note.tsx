import { useMutation, useQuery } from "@tanstack/react-query";
import { Check, Eye, Folder, FolderTree, HardDrive, KeyRound, Minus, Server, Timer } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { sessionQuery, storeQuery, useSystem } from "@/api/queries";
import type { StoreDecision } from "@/api/types";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { register } from "@/lib/load";
import { decideStore } from "./store-mutations";

type Decision = StoreDecision["decision"];
type Name = "take" | "separate" | "readOnly";
const YES = <Check className="text-ok" />;
const NO = <Minus className="text-muted-foreground" />;
const CHOICES = [
  {
    decision: "take",
    name: "take",
    icon: <KeyRound />,
    points: [
      ["store.take.writes", YES],
      ["store.take.other", NO],
      ["store.take.settles", <Timer key="settles" className="text-ok" />],
    ],
  },
  {
    decision: "separate",
    name: "separate",
    icon: <FolderTree />,
    points: [
      ["store.separate.folder", YES],
      ["store.separate.names", YES],
      ["store.separate.empty", NO],
    ],
  },
  {
    decision: "read-only",
    name: "readOnly",
    icon: <Eye />,
    points: [
      ["store.readOnly.plays", YES],
      ["store.readOnly.changes", NO],
      ["store.readOnly.again", YES],
    ],
  },
] as const satisfies { decision: Decision; name: Name; icon: ReactNode; points: [string, ReactNode][] }[];
const Confirm = lazy(register(() => import("./confirm")));
const REASONS = ["foreign", "contested", "unknown_files", "rolled_back", "restored", "moved", "cloned"] as const;

/** Says that this installation must not change the media folder, and lets an administrator decide; else nothing. */
export function StoreNote() {
  const { t } = useI18n();
  const store = useSystem().data?.store;
  const admin = !!useQuery(sessionQuery).data?.user?.admin;
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
        <>
          <Facts />
          <Choices undecided={store.state === "frozen"} />
        </>
      ) : (
        <p className="mt-2 text-pretty text-sm text-muted-foreground">{t("store.askAdmin")}</p>
      )}
    </section>
  );
}

/** Who made the last claim on the folder, and which folder it is. */
function Facts() {
  const { t } = useI18n();
  const status = useQuery(storeQuery).data;
  if (!status) return null;
  return (
    <dl className="mt-4 flex flex-wrap gap-x-8 gap-y-2 text-sm [&_svg]:size-4 [&_svg]:text-muted-foreground">
      {status.other && <Fact icon={<Server />} name={t("store.other")} value={status.other.host} />}
      <Fact icon={<Folder />} name={t("store.folder")} value={status.folder} />
    </dl>
  );
}

function Fact({ icon, name, value }: { icon: ReactNode; name: string; value: string }) {
  return (
    <div className="flex min-w-0 items-center gap-2">
      {icon}
      <dt className="shrink-0">{name}</dt>
      <dd className="break-all font-mono text-xs text-muted-foreground">{value}</dd>
    </div>
  );
}

function Choices({ undecided }: { undecided: boolean }) {
  const { t } = useI18n();
  const { mutate: decide, isPending: busy } = useMutation(decideStore);
  const [asked, setAsked] = useState<"take" | "separate">();
  return (
    <>
      <ul className="mt-4 grid gap-3 lg:grid-cols-3">
        {CHOICES.filter(({ decision }) => undecided || decision === "take").map(({ decision, name, icon, points }) => (
          <li key={decision} className="flex flex-col gap-3 rounded-lg border bg-card p-4">
            <p className="flex items-center gap-2 font-medium [&_svg]:size-4">
              {icon}
              {t(`store.${name}`)}
            </p>
            <p className="text-pretty text-sm">{t(`store.${name}When`)}</p>
            <ul className="grow space-y-1.5 text-pretty text-sm text-muted-foreground">
              {points.map(([key, mark]) => (
                <li key={key} className="flex gap-2 [&_svg]:mt-0.5 [&_svg]:size-4 [&_svg]:shrink-0">
                  {mark}
                  {t(key)}
                </li>
              ))}
            </ul>
            <Button
              variant="outline"
              disabled={busy}
              onClick={() => (decision === "read-only" ? decide(decision) : setAsked(decision))}
            >
              {t(`store.${name}Do`)}
            </Button>
          </li>
        ))}
      </ul>
      {asked && (
        <Suspense>
          <Confirm
            title={t(`store.${asked}`)}
            body={t(`store.${asked}Ask`)}
            action={t(`store.${asked}`)}
            onClose={() => setAsked(undefined)}
            onYes={() => decide(asked)}
          />
        </Suspense>
      )}
    </>
  );
}
