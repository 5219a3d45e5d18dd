import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { call } from "@/api/client";
import type { Target, TargetChange } from "@/api/types";
import { useAsk } from "./ask";

export const PATH = "/api/notifications/targets";

/**
 * Changes of targets, sent one after the other. What is not answered yet is shown at once and whatever the list says
 * meanwhile, so that the next choice begins with this one.
 */
export function useTargetChanges() {
  const cache = useQueryClient();
  const ask = useAsk(PATH);
  const [unanswered, setUnanswered] = useState<Record<number, TargetChange>>({});
  const last = useRef<Promise<void>>(Promise.resolve());
  const count = useRef(0);

  async function send(id: number, values: TargetChange) {
    await ask(() => call("PATCH", "/api/notifications/targets/{id}", { path: { id }, body: values }));
    count.current--;
    if (count.current === 0) await cache.invalidateQueries({ queryKey: ["settings", PATH] }); // until it is here
    if (count.current === 0) setUnanswered({});
  }
  function change(id: number, values: TargetChange) {
    setUnanswered((before) => ({ ...before, [id]: { ...before[id], ...values } }));
    count.current++;
    last.current = last.current.then(() => send(id, values));
  }
  const shown = (target: Target): Target => ({ ...target, ...unanswered[target.id] });
  return { shown, change };
}
