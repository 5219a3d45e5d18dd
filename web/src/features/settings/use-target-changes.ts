import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Target, TargetChange } from "@/api/types";
import { changeTarget } from "./mutations";
import { listedQuery } from "./queries";

export const targetsQuery = listedQuery("/api/notifications/targets");

/**
 * Changes of targets, sent one after the other. A pending change is shown at once and whatever the list says
 * meanwhile, so that the next choice begins with this one.
 */
export function useTargetChanges() {
  const cache = useQueryClient();
  const { mutateAsync } = useMutation(changeTarget);
  const [unanswered, setUnanswered] = useState<Record<number, TargetChange>>({});
  const count = useRef(0);

  async function change(id: number, values: TargetChange) {
    setUnanswered((before) => ({ ...before, [id]: { ...before[id], ...values } }));
    count.current++;
    await mutateAsync({ id, ...values }).catch(() => {}); // it was shown
    count.current--;
    if (count.current === 0) await cache.invalidateQueries({ queryKey: targetsQuery.queryKey }); // until it is loaded
    if (count.current === 0) setUnanswered({});
  }
  const shown = (target: Target): Target => ({ ...target, ...unanswered[target.id] });
  return { shown, change };
}
