import { useMutation } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { meaningOf } from "@/api/several";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { bytes } from "@/lib/format";
import { register } from "@/lib/load";
import { restoreItems, trashItems } from "./item-mutations";
import { Meaning } from "./meaning";

const Confirm = lazy(register(() => import("./confirm")));

/**
 * Removes items: to the trash with an undo, or, on a server without one, for good, which asks first.
 * `dialog` is to be drawn; `onGone` is called once they are removed.
 */
export function useRemoveItems(onGone?: () => void): {
  remove: (ids: readonly number[]) => void;
  restore: (ids: readonly number[]) => Promise<void>;
  dialog: ReactNode;
} {
  const { t, locale } = useI18n();
  const [asked, setAsked] = useState<number[]>();
  const restoring = useMutation(restoreItems);
  const trashing = useMutation({ ...trashItems, onSuccess: () => onGone?.() });
  const looking = useMutation({ mutationFn: (ids: readonly number[]) => meaningOf(ids.slice(0, 1)) });
  const restore = (ids: readonly number[]) =>
    restoring.mutateAsync(ids).then(
      (n) => toast(t("trash.restored", { n })),
      () => {},
    );
  const go = (ids: readonly number[], trash: boolean) =>
    trashing.mutateAsync(ids).then(
      ({ count, frees }) =>
        trash
          ? toast(t("lib.deleted", { n: count }), {
              description: frees ? t("trash.frees", { v: bytes(frees, locale) }) : t("trash.shared"),
              action: { label: t("job.undo"), onClick: () => restoring.mutate(ids) },
            })
          : toast(t("trash.purged", { n: count })),
      () => {},
    );
  return {
    // Whether there is a trash is so for all items, or for none.
    remove: (ids) =>
      void looking.mutateAsync(ids).then(
        ({ trash }) => (trash ? go(ids, true) : setAsked([...ids])),
        () => {},
      ),
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
