import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import type { NewShare } from "@/api/types";
import { sharesQuery } from "./queries";

const meta = { invalidates: [sharesQuery.queryKey] };

export const addShare = mutationOptions({
  mutationFn: (body: NewShare) => call("POST", "/api/shares", { body }),
  meta,
});
export const revokeShare = mutationOptions({
  mutationFn: (id: number) => call("DELETE", "/api/shares/{id}", { path: { id } }),
  meta,
});
