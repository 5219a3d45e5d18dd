import { useMutation, useQuery } from "@tanstack/react-query";
import { Copy, Puzzle } from "lucide-react";
import { lazy, Suspense, useRef } from "react";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { register } from "@/lib/load";
import { Card, Line } from "./card";
import { pairDevice, removeDevice } from "./mutations";
import { Packages } from "./packages";
import { listedQuery } from "./queries";

const Qr = lazy(register(() => import("./qr")));

/** Browsers with the extension: pair one, or take its right away. */
export function Devices() {
  const { t, locale } = useI18n();
  const { data } = useQuery(listedQuery("/api/devices"));
  const remove = useMutation(removeDevice);
  return (
    <Card id="devices" title={t("set.devices")} hint={t("set.devicesHint")}>
      <Packages />
      <Pair />
      {data ? (
        data.devices.map((device) => (
          <Line
            key={device.id}
            icon={<Puzzle />}
            title={device.name}
            about={[device.address, t("set.lastSeen", { v: ago(device.last_seen_at ?? device.created_at, locale) })]
              .filter(Boolean)
              .join(" · ")}
          >
            <Button
              variant="outline"
              size="sm"
              aria-label={`${t("set.remove")}: ${device.name}`}
              onClick={() => remove.mutate(device.id)}
            >
              {t("set.remove")}
            </Button>
          </Line>
        ))
      ) : (
        <Skeleton className="h-14 rounded-none" />
      )}
    </Card>
  );
}

function Pair() {
  const { t, locale } = useI18n();
  const { data: offer, mutate: pair } = useMutation(pairDevice);
  const code = useRef<HTMLTextAreaElement>(null);
  async function copy() {
    code.current?.select();
    try {
      await navigator.clipboard.writeText(offer?.code ?? "");
      toast(t("set.copied"));
    } catch {
      // Plain http has no clipboard: the code is selected, Ctrl+C does the rest.
    }
  }
  return (
    <div className="flex flex-wrap items-start gap-5 p-4">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium">{t("set.pair")}</p>
        <p className="mt-1 text-pretty text-[0.8125rem] text-muted-foreground">{t("set.pairHint")}</p>
        {offer && (
          <p className="mt-3 text-xs text-muted-foreground">
            {t("set.fingerprint")}
            <span className="mt-0.5 block break-all font-mono text-foreground">{offer.fingerprint}</span>
            {t("set.expires", { v: ago(offer.expires_at, locale) })}
          </p>
        )}
      </div>
      {offer && (
        <Suspense fallback={<Skeleton className="size-44" />}>
          <Qr text={offer.code} label={t("set.qr")} />
        </Suspense>
      )}
      <div className="flex w-full min-w-0 flex-col gap-2 sm:w-72">
        {offer && (
          <textarea
            ref={code}
            readOnly
            rows={3}
            aria-label={t("set.pair")}
            value={offer.code}
            onFocus={(event) => event.target.select()}
            className="resize-none break-all rounded-lg border border-dashed border-input bg-muted px-3 py-2 font-mono text-xs text-muted-foreground"
          />
        )}
        <div className="flex flex-wrap justify-end gap-2">
          {offer && (
            <Button className="flex-1" onClick={() => void copy()}>
              <Copy />
              {t("set.copy")}
            </Button>
          )}
          <Button variant="secondary" onClick={() => pair()}>
            {t("set.pairNew")}
          </Button>
        </div>
      </div>
    </div>
  );
}
