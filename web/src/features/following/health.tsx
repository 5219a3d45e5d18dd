/** How a subscription fares: when it was checked, what is wrong, and what to do about it. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Cookie, Link2, RotateCw } from "lucide-react";
import type { Subscription } from "@/api/types";
import { Button } from "@/components/ui/button";
import { type T, useI18n } from "@/i18n";
import { ago, timeOf } from "@/lib/format";
import { cn } from "@/lib/utils";
import { change, check } from "./mutations";

/** Errors that cookies of the site may end. */
const COOKIES = new Set(["login_required", "members_only", "age_limit", "site_forbids", "cookies_rejected"]);

export const isFailing = (one: Subscription) =>
  one.state === "needs_action" || (one.failures > 0 && one.state === "active");
export const wantsCookies = (one: Subscription) => one.state === "needs_action" || COOKIES.has(one.error?.code ?? "");

/** When it is checked next, in words. */
export function nextCheck(one: Subscription, t: T, locale: string): string {
  if (one.checking) return t("follow.checking");
  if (one.state === "paused") return t("follow.paused");
  if (one.state === "needs_action") return t("sub.needs_action");
  return Date.parse(one.next_check_at) > Date.now() ? ago(one.next_check_at, locale) : t("follow.soon");
}

export function Dot({ one }: { one: Subscription }) {
  return (
    <span
      aria-hidden
      className={cn(
        "size-2 shrink-0 rounded-full",
        one.state === "paused" ? "bg-muted-foreground/60" : isFailing(one) ? "bg-destructive" : "bg-ok",
        one.checking && "animate-pulse",
      )}
    />
  );
}

/** "Checked 19 min ago · next in 41 min". */
export function Health({ one, className }: { one: Subscription; className?: string }) {
  const { t, locale } = useI18n();
  const next = nextCheck(one, t, locale);
  const waits = !one.checking && one.state === "active";
  return (
    <p className={cn("flex flex-wrap items-center gap-x-2 text-muted-foreground", className)}>
      <Dot one={one} />
      <span>
        {one.checked_at ? t("follow.checked", { v: ago(one.checked_at, locale) }) : t("follow.notYet")} ·{" "}
        {waits ? t("follow.nextIn", { v: next }) : next}
      </span>
    </p>
  );
}

/** The problem and its start. */
export function Streak({ one }: { one: Subscription }) {
  const { t, explain, locale } = useI18n();
  const { what, fix } = explain(one.error?.code ?? "internal", one.site);
  return (
    <p className="mt-0.5 text-pretty text-[0.8125rem]">
      <span className="text-destructive">{what}.</span>{" "}
      <span className="text-muted-foreground">
        {one.failing_since && t("follow.streak", { n: one.failures, v: timeOf(one.failing_since, locale) })}{" "}
        {wantsCookies(one) || !fix ? "" : `${fix} `}
        {one.action === "change_link" && `${t("follow.vanished")} `}
        {t("follow.nothingLost")}
      </span>
    </p>
  );
}

/** The new link of a source that moved, and the step to it. */
export function Moved({ one, className }: { one: Subscription; className?: string }) {
  const { t } = useI18n();
  const moving = useMutation(change);
  const url = one.moved_to;
  if (!url) return null;
  return (
    <div
      role="status"
      className={cn("flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border bg-card p-4", className)}
    >
      <Link2 className="size-5 shrink-0 text-muted-foreground" />
      <p className="wrap-anywhere min-w-0 flex-1 basis-56 text-pretty text-[0.8125rem]">
        {t("follow.moved", { v: url.replace(/^https?:\/\/(www\.)?/, "") })}{" "}
        <span className="text-muted-foreground">{t("follow.movedHint")}</span>
      </p>
      <Button variant="outline" disabled={one.checking} onClick={() => moving.mutate({ id: one.id, url })}>
        {t("follow.followMoved")}
      </Button>
    </div>
  );
}

/** The one thing to do about it. */
export function Remedy({ one, onLink }: { one: Subscription; onLink: () => void }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const checking = useMutation(check);
  if (one.action === "change_link")
    return (
      <span className="flex flex-wrap items-center gap-2">
        <Button variant="outline" onClick={onLink}>
          <Link2 />
          {t("follow.changeLink")}
        </Button>
        <Button
          variant="ghost"
          size="icon"
          disabled={one.checking}
          aria-label={t("job.retry")}
          onClick={() => checking.mutate(one.id)}
        >
          <RotateCw />
        </Button>
      </span>
    );
  return wantsCookies(one) ? (
    <Button
      variant="outline"
      onClick={() => void navigate({ to: "/settings", hash: "cookies", search: { site: one.site } })}
    >
      <Cookie />
      {t("follow.cookies")}
    </Button>
  ) : (
    <Button variant="outline" disabled={one.checking} onClick={() => checking.mutate(one.id)}>
      <RotateCw />
      {t("job.retry")}
    </Button>
  );
}
