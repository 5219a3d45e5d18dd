import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call, codeOf } from "@/api/client";
import { keys } from "@/api/keys";
import type { Credentials } from "@/api/types";
import { useI18n } from "@/i18n";

/** Sign in, or make the first account: both answer with a cookie, and then the page is another one. */
export function useEnter(path: "/api/session" | "/api/setup") {
  const cache = useQueryClient();
  const { explain } = useI18n();
  const entering = useMutation({
    mutationFn: (body: Credentials & { code?: string }) =>
      path === "/api/setup" ? call("POST", path, { body: { code: "", ...body } }) : call("POST", path, { body }),
    onSuccess: () => {
      cache.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.session[0] }); // of who was here before
      return cache.invalidateQueries({ queryKey: keys.session });
    },
    meta: { handles: "all" }, // the form shows it
    onError: (error) => codeOf(error) === "setup_closed" && cache.invalidateQueries({ queryKey: keys.session }),
  });
  const words = entering.isError ? explain(codeOf(entering.error)) : undefined;
  return {
    enter: entering.mutate,
    busy: entering.isPending,
    error: words && (words.fix ? `${words.what}. ${words.fix}` : `${words.what}.`),
  };
}
