/** Changes of the item that plays. */
import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";

const meta = { invalidates: [keys.items, keys.folders] };

export const refetchItem = mutationOptions({
  mutationFn: (id: number) => call("POST", "/api/items/{id}/refetch", { path: { id } }),
  meta,
});
/** A conversion that would lose something is refused unless `acceptLoss`; the user is asked then. */
export const convertItem = mutationOptions({
  mutationFn: ({ id, acceptLoss }: { id: number; acceptLoss: boolean }) =>
    call("POST", "/api/items/{id}/convert", { path: { id }, query: acceptLoss ? { accept_loss: true } : {} }),
  meta: { ...meta, handles: "all" },
});
export const keepItem = mutationOptions({
  mutationFn: ({ id, keep }: { id: number; keep: boolean }) =>
    call("PATCH", "/api/items/{id}", { path: { id }, body: { keep } }),
  meta,
});
export const blockSource = mutationOptions({
  mutationFn: ({ source, blocked }: { source: number; blocked: boolean }) =>
    call(blocked ? "PUT" : "DELETE", "/api/sources/{id}/never", { path: { id: source } }),
  meta,
});
