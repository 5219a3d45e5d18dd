/** Common parts of the pages of channels and playlists. */
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { codeOf } from "@/api/client";
import { ScrollPage } from "@/components/scroll-page";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { integer } from "@/lib/format";

type Props = {
  picture?: ReactNode;
  title: string;
  count?: number;
  /** One line below the title. */
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
};

export function Page({ picture, title, count, about, actions, children }: Props) {
  const { locale } = useI18n();
  return (
    <ScrollPage>
      <div className="mx-auto max-w-7xl px-4 pb-16 pt-5 sm:px-8 sm:pt-8">
        <header className="mb-5 flex flex-wrap items-center gap-x-6 gap-y-3">
          {picture}
          <div className="min-w-0 flex-1 basis-64">
            <h1 dir="auto" className="break-words text-left text-xl font-semibold tracking-tight">
              {title}
              {count !== undefined && (
                <span className="num ml-2.5 text-sm font-normal text-muted-foreground">{integer(count, locale)}</span>
              )}
            </h1>
            {about && <p className="mt-1 text-muted-foreground">{about}</p>}
          </div>
          {actions}
        </header>
        {children}
      </div>
    </ScrollPage>
  );
}

/** Until the answer of the server is here, or in its place what went wrong. */
export function Pending({ error, again }: { error: unknown; again: () => void }) {
  const { t, explain } = useI18n();
  if (!error)
    return (
      <div role="status" aria-label={t("app.loading")} className="space-y-3">
        <Skeleton className="h-16" />
        <Skeleton className="h-16" />
      </div>
    );
  const { what, fix } = explain(codeOf(error));
  return (
    <Empty
      className="rounded-xl border border-dashed"
      icon={<CircleAlert />}
      title={what}
      body={fix}
      action={
        <Button variant="outline" onClick={again}>
          {t("app.retry")}
        </Button>
      }
    />
  );
}
