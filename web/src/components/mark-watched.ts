/** Marks items as watched or unwatched, from every menu of items. */
import { useMutation } from "@tanstack/react-query";
import { useI18n } from "@/i18n";
import { markWatched } from "./item-mutations";
import { player } from "./player-store";
import { toast } from "./ui/toast";

export function useMarkWatched() {
  const { t } = useI18n();
  const { mutate } = useMutation({
    ...markWatched,
    onSuccess: (_data, { ids, watched }) =>
      toast(t(watched ? "lib.markedWatched" : "lib.markedUnwatched", { n: ids.length })),
  });
  return (ids: readonly number[], watched: boolean) => {
    player.mark(ids);
    mutate({ ids, watched });
  };
}
