import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bell, CheckCheck, Settings2 } from "lucide-react";
import type { ReactNode } from "react";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import type { Notification } from "@/api/types";
import { ScrollPage } from "@/components/scroll-page";
import { Button, buttonVariants } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { ago } from "@/lib/format";
import { cn } from "@/lib/utils";
import { readNotifications } from "./mutations";
import { sentence } from "./sentence";

const PATH = "/api/notifications";

/** Past events. Other targets of notifications are in the settings. */
export function NotificationsPage() {
  const { t } = useI18n();
  return (
    <ScrollPage>
      <div className="mx-auto max-w-3xl space-y-9 px-4 pb-16 pt-5 sm:px-8 sm:pt-8">
        <Inbox title={t("note.title")} />
      </div>
    </ScrollPage>
  );
}

/** Leads to what a notification is about. */
function About({ row, children }: { row: Notification; children: ReactNode }) {
  const { type, data } = row;
  if (typeof data.item === "number")
    return (
      <Link to="/watch/$id" params={{ id: String(data.item) }} className="hover:underline">
        {children}
      </Link>
    );
  if (typeof data.subscription === "number")
    return (
      <Link to="/following/$id" params={{ id: String(data.subscription) }} className="hover:underline">
        {children}
      </Link>
    );
  if (type.startsWith("download."))
    return (
      <Link to="/downloads" className="hover:underline">
        {children}
      </Link>
    );
  if (type.startsWith("storage.") || type === "ytdlp.update")
    return (
      <Link
        to="/settings/$section"
        params={{ section: type.startsWith("storage.") ? "storage" : "ytdlp" }}
        className="hover:underline"
      >
        {children}
      </Link>
    );
  return children;
}

function Inbox({ title }: { title: string }) {
  const { t, locale } = useI18n();
  const { mutate: readAll } = useMutation(readNotifications);
  const inbox = useInfiniteQuery({
    queryKey: keys.notifications,
    queryFn: ({ pageParam }) => call("GET", PATH, { query: { before: pageParam } }),
    initialPageParam: null as number | null,
    getNextPageParam: (last) => last.next,
    staleTime: 0,
  });
  const rows = inbox.data?.pages.flatMap((page) => page.notifications) ?? [];
  const unread = inbox.data?.pages[0]?.unread ?? 0;
  return (
    <section aria-labelledby="inbox-title">
      <header className="flex min-h-9 flex-wrap items-center gap-3">
        <h1 id="inbox-title" className="text-xl font-semibold tracking-tight">
          {title}
        </h1>
        {unread > 0 && <p className="text-muted-foreground">{t("note.unread", { n: unread })}</p>}
        <div className="ml-auto flex items-center gap-2">
          {unread > 0 && (
            <Button variant="outline" size="sm" onClick={() => readAll()}>
              <CheckCheck />
              {t("note.allRead")}
            </Button>
          )}
          <Link
            to="/settings/$section"
            params={{ section: "notifications" }}
            aria-label={t("note.settings")}
            title={t("note.settings")}
            className={buttonVariants({ variant: "ghost", size: "icon-sm" })}
          >
            <Settings2 />
          </Link>
        </div>
      </header>
      {inbox.isPending ? (
        <div role="status" aria-label={t("app.loading")} className="mt-4">
          <Skeleton className="h-16" />
        </div>
      ) : rows.length === 0 ? (
        <Empty icon={<Bell />} title={t("note.none")} body={t("note.noneBody")} />
      ) : (
        <ul className="mt-4 divide-y rounded-xl border bg-card">
          {rows.map((row) => (
            <li key={row.id} className={cn("flex items-baseline gap-3 px-4 py-3", !row.read && "font-medium")}>
              <span className="wrap-anywhere min-w-0 flex-1">
                <About row={row}>{sentence(row, t)}</About>
              </span>
              <span className="shrink-0 text-xs text-muted-foreground">{ago(row.at, locale)}</span>
            </li>
          ))}
        </ul>
      )}
      {inbox.hasNextPage && (
        <Button variant="ghost" className="mt-2" onClick={() => void inbox.fetchNextPage()}>
          {t("app.more")}
        </Button>
      )}
    </section>
  );
}
