import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, codeOf, type ErrorCode } from "@/api/client";
import { answering } from "@/api/live";
import type { Download, Options } from "@/api/types";

export type Refused = { url: string; code: ErrorCode };

/** Sends links one after the other, so that the queue has their order; those refused are left, with the reason. */
export function useSubmit() {
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused[]>([]);
  async function submit(links: string[], folder: string, options: Options) {
    setBusy(true);
    const taken: Download[] = [];
    const bad: Refused[] = [];
    for (const url of links) {
      try {
        const answered = answering(cache);
        const row = await call("POST", "/api/downloads", { body: { url, folder, options } });
        taken.push(row);
        answered(row);
      } catch (error) {
        bad.push({ url, code: codeOf(error) });
      }
    }
    setRefused(bad);
    setBusy(false);
    return { taken, left: bad.map(({ url }) => url) };
  }
  return { submit, busy, refused, forget: () => setRefused([]) };
}
