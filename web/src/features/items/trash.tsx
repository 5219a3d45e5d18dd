import { useInfiniteQuery } from "@tanstack/react-query";
import { CircleAlert, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { codeOf } from "@/api/client";
import { rowsOf, trashQuery } from "@/api/queries";
import Confirm from "@/components/confirm";
import { Meaning } from "@/components/meaning";
import { Thumb } from "@/components/media-card";
import { useRemoveItems } from "@/components/remove-items";
import { ScrollPage } from "@/components/scroll-page";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/empty";
import { Skeleton } from "@/components/ui/skeleton";
import { useI18n } from "@/i18n";
import { ago, bytes } from "@/lib/format";
import { useItemActions } from "./actions";

/** Items in the trash, which can be restored. Purging cannot be undone, so it asks first. */
export function TrashPage() {
  const { t, locale, explain } = useI18n();
  const trash = useInfiniteQuery(trashQuery);
  const actions = useItemActions();
  const { restore } = useRemoveItems();
  const items = rowsOf(trash.data);
  const frees = trash.data?.pages[0]?.frees ?? 0;
  const [asked, setAsked] = useState<{ ids?: number[] }>();
  return (
    <ScrollPage>
      <div className="mx-auto flex min-h-full max-w-5xl flex-col px-4 pb-12 pt-4 sm:px-8 sm:pt-6">
        <header className="flex min-h-9 flex-wrap items-center gap-3">
          <h1 className="text-xl font-semibold tracking-tight">{t("nav.trash")}</h1>
          {items.length > 0 && (
            <>
              <p className="text-muted-foreground">{t("trash.wouldFree", { v: bytes(frees, locale) })}</p>
              <Button variant="outline" size="sm" className="ml-auto" onClick={() => setAsked({})}>
                <Trash2 />
                {t("trash.empty")}
              </Button>
            </>
          )}
        </header>
        {trash.isPending ? (
          <div role="status" aria-label={t("app.loading")} className="mt-4 space-y-2">
            <Skeleton className="h-16" />
            <Skeleton className="h-16" />
          </div>
        ) : trash.isLoadingError ? (
          <Empty
            className="flex-1"
            icon={<CircleAlert />}
            title={explain(codeOf(trash.error)).what}
            body={explain(codeOf(trash.error)).fix}
            action={
              <Button variant="outline" onClick={() => void trash.refetch()}>
                {t("app.retry")}
              </Button>
            }
          />
        ) : items.length === 0 ? (
          <Empty className="flex-1" icon={<Trash2 />} title={t("trash.none")} body={t("trash.noneBody")} />
        ) : (
          <ul className="mt-4 divide-y rounded-xl border bg-card">
            {items.map((item) => (
              <li key={item.id} data-item={item.id} className="flex items-center gap-3 px-3 py-2.5 sm:gap-4 sm:px-4">
                <Thumb item={item} className="w-24 shrink-0 rounded-md opacity-75" />
                <div className="min-w-0 flex-1">
                  <p className="line-clamp-2 break-words font-medium">{item.title}</p>
                  <p className="truncate text-xs text-muted-foreground">
                    {[bytes(item.media.size, locale), item.trashed_at && ago(item.trashed_at, locale)]
                      .filter(Boolean)
                      .join(" · ")}
                  </p>
                </div>
                <Button
                  variant="outline"
                  size="sm"
                  aria-label={`${t("trash.restore")}: ${item.title}`}
                  onClick={() => void restore([item.id])}
                >
                  <RotateCcw />
                  <span className="max-sm:hidden">{t("trash.restore")}</span>
                </Button>
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={`${t("trash.purge")}: ${item.title}`}
                  onClick={() => setAsked({ ids: [item.id] })}
                >
                  <Trash2 />
                </Button>
              </li>
            ))}
          </ul>
        )}
        {trash.hasNextPage && (
          <Button variant="ghost" className="mt-2" onClick={() => void trash.fetchNextPage()}>
            {t("app.more")}
          </Button>
        )}
      </div>
      {asked && (
        <Confirm
          title={t(asked.ids ? "trash.purge" : "trash.empty")}
          body={<Meaning ids={asked.ids} />}
          action={t("trash.purge")}
          onClose={() => setAsked(undefined)}
          onYes={() => actions.purge(asked.ids)}
        />
      )}
    </ScrollPage>
  );
}
