import { useMutation } from "@tanstack/react-query";
import { EllipsisVertical } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Download } from "@/api/types";
import { placeOf, useMenu } from "@/components/menu-at";
import { Button } from "@/components/ui/button";
import { Tip } from "@/components/ui/tip";
import { useI18n } from "@/i18n";
import { register } from "@/lib/load";
import { type Shift, useChoices } from "./choices";
import { cancelDownload } from "./mutations";
import { nameOf } from "./states";

const Confirm = lazy(register(() => import("@/components/confirm")));
const LogDialog = lazy(register(() => import("./log-dialog")));

/** The likeliest thing as a button, everything possible in the menu. */
export function RowActions({ download, shift }: { download: Download; shift?: Shift }) {
  const { t } = useI18n();
  const [log, setLog] = useState(false);
  const [discard, setDiscard] = useState(false);
  const cancel = useMutation(cancelDownload);
  const choices = useChoices(download, { shift, onLog: () => setLog(true), onDiscard: () => setDiscard(true) });
  const { ask, menu, open } = useMenu();
  const first = choices.find(({ key }) => key !== "job.source" && key !== "job.log");
  const title = nameOf(download);
  const loud = download.state === "failed" || download.state === "needs_action";
  return (
    <div className="flex shrink-0 items-center">
      {first && loud && (
        <Button variant="outline" size="sm" aria-label={`${first.label}: ${title}`} onClick={first.run}>
          {first.icon}
          <span className="max-sm:hidden">{first.label}</span>
        </Button>
      )}
      {first && !loud && (
        <Tip label={first.label}>
          <Button
            variant="ghost"
            size="icon"
            className="max-sm:hidden"
            aria-label={`${first.label}: ${title}`}
            onClick={first.run}
          >
            {first.icon}
          </Button>
        </Tip>
      )}
      <Button
        variant="ghost"
        size="icon"
        aria-label={`${t("job.more")}: ${title}`}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={(event) => ask(placeOf(event), choices)}
      >
        <EllipsisVertical />
      </Button>
      {menu}
      {discard && (
        <Suspense>
          <Confirm
            title={t("job.discardAsk")}
            body={t("job.discardBody", { v: title })}
            action={t("job.discardYes")}
            onClose={() => setDiscard(false)}
            onYes={() => cancel.mutate({ id: download.id, keep: false })}
          />
        </Suspense>
      )}
      {log && (
        <Suspense>
          <LogDialog download={download} onClose={() => setLog(false)} />
        </Suspense>
      )}
    </div>
  );
}
