import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryCache, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Cache } from "@/api/cache";
import { ApiError, codeOf } from "@/api/client";
import { keys } from "@/api/keys";
import { createMutationCache } from "@/api/mutations";
import { showFailure } from "@/components/failure";
import { Toaster } from "@/components/ui/toast";
import { I18nProvider, type Locale, useI18n, type Words } from "@/i18n";
import { router } from "./router";

const cache = new Cache({
  // Signed out meanwhile: asking who we are shows the sign in.
  queryCache: new QueryCache({
    onError: (error) => void (codeOf(error) === "not_signed_in" && cache.invalidateQueries({ queryKey: keys.session })),
  }),
  mutationCache: createMutationCache(showFailure),
  defaultOptions: {
    // The server may run on this machine: without a network it is asked all the same, and silence is shown as such.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      refetchOnReconnect: true,
      staleTime: 10_000,
      // An answer with an error stays so; only silence is worth a second try.
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.status === 0,
    },
  },
});

export function App({ locale, words }: { locale: Locale; words: Words }) {
  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={cache}>
        <I18nProvider initial={locale} words={words}>
          <RouterProvider router={router} context={{ cache }} />
          <Corner />
        </I18nProvider>
      </QueryClientProvider>
    </CSPProvider>
  );
}

function Corner() {
  const { t } = useI18n();
  return <Toaster closeLabel={t("common.close")} label={t("app.messages")} />;
}
