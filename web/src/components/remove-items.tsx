import { useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { keys } from "@/api/keys";
import { meaningOf, restoreItems, trashItems } from "@/api/several";
import { useFailure } from "@/components/failure";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { register } from "@/lib/load";
import { Meaning } from "./meaning";

const Confirm = lazy(register(() => import("./confirm")));

/**
 * Removes items: to the trash with an undo, or, on a server without one, for good, which asks first.
 * `dialog` is to be drawn; `onGone` comes when they are gone.
 */
export function useRemoveItems(onGone?: () => void): {
  remove: (ids: readonly number[]) => void;
  restore: (ids: readonly number[]) => Promise<void>;
  dialog: ReactNode;
} {
  const { t, locale } = useI18n();
  const cache = useQueryClient();
  const fail = useFailure();
  const [asked, setAsked] = useState<number[]>();
  const reload = () => {
    for (const queryKey of [keys.items, keys.folders, keys.trash, keys.system])
      void cache.invalidateQueries({ queryKey });
  };
  /** Runs it; what goes wrong is said, and the lists are loaded again. */
  const attempt = (doing: () => Promise<unknown>) => doing().catch(fail).finally(reload);
  const restore = (ids: readonly number[], said = true) =>
    attempt(async () => {
      const n = await restoreItems(ids);
      if (said) toast(t("trash.restored", { n }));
    }).then(() => {});
  const go = (ids: readonly number[], trash: boolean) =>
    attempt(async () => {
      const { count, frees } = await trashItems(ids);
      if (trash)
        toast(t("lib.deleted", { n: count }), {
          description: frees ? t("trash.frees", { v: bytes(frees, locale) }) : t("trash.shared"),
          action: { label: t("job.undo"), onClick: () => void restore(ids, false) },
        });
      else toast(t("trash.purged", { n: count }));
      onGone?.();
    });
  return {
    remove: (ids) =>
      void attempt(async () => {
        const { trash } = await meaningOf(ids.slice(0, 1)); // it is so for all, or for none
        if (trash) await go(ids, true);
        else setAsked([...ids]);
      }),
    restore,
    dialog: asked && (
      <Suspense>
        <Confirm
          title={t("trash.purge")}
          body={<Meaning ids={asked} />}
          action={t("trash.purge")}
          onClose={() => setAsked(undefined)}
          onYes={() => void go(asked, false)}
        />
      </Suspense>
    ),
  };
}
