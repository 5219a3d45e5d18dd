import { getRouteApi } from "@tanstack/react-router";
import { CircleAlert, FolderOpen, Search } from "lucide-react";
import { codeOf } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";

const route = getRouteApi("/library");

/** There is nothing to show, and why. */
export function Nothing({ q, folder, filtered }: { q: string; folder?: string; filtered: boolean }) {
  const { t } = useI18n();
  const navigate = route.useNavigate();
  if (filtered)
    return (
      <Empty
        className="h-full"
        icon={<Search />}
        title={t("lib.filteredTitle")}
        body={t("lib.filteredBody")}
        action={
          <Button
            variant="outline"
            onClick={() =>
              void navigate({ search: (s) => ({ ...s, kind: undefined, unwatched: undefined, site: undefined }) })
            }
          >
            {t("lib.unfilter")}
          </Button>
        }
      />
    );
  if (!q)
    return (
      <Empty
        className="h-full"
        icon={<FolderOpen />}
        title={t(folder ? "lib.emptyTitle" : "lib.noItems")}
        body={t(folder ? "lib.emptyBody" : "lib.noItemsBody")}
        action={
          !folder && <Button onClick={() => void navigate({ to: "/", search: {} })}>{t("lib.firstDownload")}</Button>
        }
      />
    );
  return (
    <Empty
      className="h-full"
      icon={<Search />}
      title={t("lib.noneTitle", { q })}
      body={t("lib.noneBody")}
      action={
        folder && (
          <Button variant="outline" onClick={() => void navigate({ search: { q } })}>
            {t("lib.searchAll")}
          </Button>
        )
      }
    />
  );
}

/** The list is on its way. */
export function Loading() {
  const { t } = useI18n();
  return (
    <div
      role="status"
      aria-label={t("app.loading")}
      className="grid grid-cols-2 gap-4 px-4 pt-3 sm:px-8 md:grid-cols-4 xl:grid-cols-5"
    >
      {Array.from({ length: 10 }, (_, i) => i).map((i) => (
        <div key={i}>
          <Skeleton className="aspect-video rounded-lg" />
          <Skeleton className="mt-3 h-3.5 w-4/5" />
          <Skeleton className="mt-2 h-3 w-1/2" />
        </div>
      ))}
    </div>
  );
}

/** The list could not be had. */
export function Failure({ error, again }: { error: unknown; again: () => void }) {
  const { t, explain } = useI18n();
  const { what, fix } = explain(codeOf(error));
  return (
    <Empty
      className="h-full"
      icon={<CircleAlert />}
      title={t("lib.errorTitle")}
      body={`${what}. ${fix}`}
      action={
        <Button variant="outline" onClick={again}>
          {t("app.retry")}
        </Button>
      }
    />
  );
}
