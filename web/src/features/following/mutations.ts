/** Every change of subscriptions and presets that the page requests of the server. */
import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import type { ChangedSubscription, NewSubscription, Options, Subscription, SubscriptionList } from "@/api/types";

const meta = { invalidates: [keys.subscriptions] };

export const follow = mutationOptions({
  mutationFn: (body: NewSubscription) => call("POST", "/api/subscriptions", { body }),
  meta,
});
export const checkAll = mutationOptions({ mutationFn: () => call("POST", "/api/subscriptions/check"), meta });
export const check = mutationOptions({
  mutationFn: (id: number) => call("POST", "/api/subscriptions/{id}/check", { path: { id } }),
  meta,
});
type Change = ChangedSubscription & { id: number };
const changed = ({ id, ...body }: Change) => call("PATCH", "/api/subscriptions/{id}", { path: { id }, body });
export const change = mutationOptions({ mutationFn: changed, meta });
/** For the dialog of the wishes, which has a place for a pattern that is refused. */
export const changeWishes = mutationOptions({ mutationFn: changed, meta: { ...meta, handles: ["invalid_pattern"] } });
/** For the dialog of the link, which shows each error. */
export const changeLink = mutationOptions({ mutationFn: changed, meta: { ...meta, handles: "all" } });
export const unfollow = mutationOptions({
  mutationFn: ({ id }: Subscription) => call("DELETE", "/api/subscriptions/{id}", { path: { id } }),
  meta,
});
export const exportList = mutationOptions({ mutationFn: () => call("GET", "/api/subscriptions/export") });
/** For the dialog of the import, which shows each error. */
export const importList = mutationOptions({
  mutationFn: (body: SubscriptionList) => call("POST", "/api/subscriptions/import", { body }),
  meta: { ...meta, handles: "all" },
});

export const downloadEntry = mutationOptions({
  mutationFn: (path: { id: number; entry: number }) =>
    call("POST", "/api/subscriptions/{id}/entries/{entry}/download", { path }),
  meta,
});
export const keepItems = mutationOptions({
  mutationFn: (ids: readonly number[]) =>
    Promise.all(ids.map((id) => call("PATCH", "/api/items/{id}", { path: { id }, body: { keep: true } }))),
  meta: { invalidates: [keys.items] },
});

export const savePreset = mutationOptions({
  mutationFn: ({ name, options }: { name: string; options: Options }) =>
    call("PUT", "/api/presets/{name}", { path: { name }, body: { options } }),
  meta: { awaits: [keys.subscriptions] }, // the menu of presets has its name before it is chosen
});
export const removePreset = mutationOptions({
  mutationFn: (name: string) => call("DELETE", "/api/presets/{name}", { path: { name } }),
  meta,
});
