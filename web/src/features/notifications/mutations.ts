import { mutationOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";
import { unreadQuery } from "@/api/queries";

export const readNotifications = mutationOptions({
  mutationFn: () => call("POST", "/api/notifications/read", { body: {} }),
  onSuccess: (_data, _variables, _result, { client }) => client.setQueryData(unreadQuery.queryKey, 0),
  meta: { invalidates: [keys.notifications] },
});
