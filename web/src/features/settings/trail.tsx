import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Recorded } from "@/api/types";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { type T, useI18n } from "@/i18n";
import { date } from "@/lib/format";
import { Card, Field } from "./card";
import { trailQuery } from "./queries";

type Act = Recorded["act"];
const ALL = "all";
// Frequently wanted actions; the rest is in the list of all.
const ASKED: Act[] = ["signed_in", "sign_in_failed", "settings_changed", "device_paired", "token_made", "user_added"];

/** Who signed in, failed, and changed what matters for security; for administrators. */
export function Trail() {
  const { t, locale } = useI18n();
  const [act, setAct] = useState<Act | typeof ALL>(ALL);
  const found = useInfiniteQuery(trailQuery(act === ALL ? undefined : act));
  const events = found.data?.pages.flatMap((page) => page.events);
  return (
    <Card id="trail" title={t("set.trail")} hint={t("set.trailHint")}>
      <Field label={t("set.trailShow")}>
        {() => (
          <Select<Act | typeof ALL>
            label={t("set.trailShow")}
            className="w-56"
            value={act}
            onChange={setAct}
            items={[
              { value: ALL, label: t("set.trailAll") },
              ...ASKED.map((value) => ({ value, label: t(`act.${value}`) })),
            ]}
          />
        )}
      </Field>
      {!events ? (
        <Skeleton className="h-40 rounded-none" />
      ) : (
        <ul className="divide-y text-[0.8125rem]" aria-label={t("set.trail")}>
          {events.map((event) => (
            <li key={event.id} className="flex flex-wrap gap-x-4 px-4 py-2">
              <time dateTime={event.at} className="num w-40 shrink-0 text-muted-foreground">
                {date(event.at, locale)}
              </time>
              <span className="min-w-0 flex-1 basis-56 break-words">
                {event.person && <span className="font-medium">{event.person} · </span>}
                {t(`act.${event.act}`)} <span className="text-muted-foreground">{factsOf(event.facts, t)}</span>
              </span>
              {event.address && <span className="num shrink-0 text-xs text-muted-foreground">{event.address}</span>}
            </li>
          ))}
          {!events.length && <li className="px-4 py-3 text-muted-foreground">{t("set.trailNone")}</li>}
        </ul>
      )}
      {found.hasNextPage && (
        <div className="p-2">
          <Button variant="ghost" size="sm" disabled={found.isFetching} onClick={() => void found.fetchNextPage()}>
            {t("app.more")}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** The subject of an action, as far as it says it in words: a name, a site, settings. */
function factsOf(facts: Recorded["facts"], t: T): string {
  const words = ["added", "removed", "changed", "named", "site", "names", "scopes", "action"]
    .map((name) => facts[name])
    .filter((value) => value !== undefined && value !== null && value !== "")
    .map((value) => (Array.isArray(value) ? value.join(", ") : String(value)));
  if (typeof facts.count === "number") words.push(t("set.cookieCount", { n: facts.count }));
  return words.join(" · ");
}
