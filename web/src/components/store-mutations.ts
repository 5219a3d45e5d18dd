import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { EVERYTHING } from "@/api/mutations";
import type { StoreDecision } from "@/api/types";

/** Decides what becomes of a media folder that this installation does not own. */
export const decideStore = mutationOptions({
  mutationFn: (decision: StoreDecision["decision"]) => call("POST", "/api/store", { body: { decision } }),
  meta: { awaits: [EVERYTHING] },
});

type Adoption = {
  /** Hashes of the files; null: all that are unknown. */
  files: string[] | null;
  onProgress: (added: number) => void;
};

/** Adopts unknown files, slice by slice. Returns: how many were added and how many were refused. */
export const adoptFiles = mutationOptions({
  mutationFn: async ({ files, onProgress }: Adoption) => {
    let [added, refused, after] = [0, 0, ""];
    for (let more = true; more; ) {
      const slice = await call("POST", "/api/store/adopt", { body: { after, files } });
      added += slice.added;
      refused += slice.refused;
      onProgress(added);
      more = slice.next !== null;
      after = slice.next ?? "";
    }
    return { added, refused };
  },
  meta: { awaits: [EVERYTHING] },
});
