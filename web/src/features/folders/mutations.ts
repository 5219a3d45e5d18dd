/** Every change of folders that the page requests of the server. It ends when the tree shows it. */
import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import type { Folder } from "@/api/types";

const meta = { awaits: [keys.folders, keys.items] };

export const makeFolder = mutationOptions({
  mutationFn: (path: string) => call("POST", "/api/folders", { body: { path } }),
  meta,
});
export const changeFolder = mutationOptions({
  mutationFn: ({ id, path }: { id: number; from: string; path: string }) =>
    call("PATCH", "/api/folders/{id}", { path: { id }, body: { path } }),
  meta: { invalidates: meta.awaits }, // the address follows the folder first
});
export const removeFolder = mutationOptions({
  mutationFn: ({ id }: Folder) => call("DELETE", "/api/folders/{id}", { path: { id } }),
  meta: { invalidates: meta.awaits },
});
