/** Renders a part of the page as the page does: with words, the cache of queries, and routes that links may lead to. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createMutationCache } from "@/api/mutations";
import { I18nProvider, loadWords } from "@/i18n";

export async function renderPart(part: ReactNode) {
  const root = createRootRoute({ component: () => part });
  const paths = ["/", "/watch/$id", "/downloads", "/library", "/following/new"];
  const router = createRouter({
    routeTree: root.addChildren(paths.map((path) => createRoute({ getParentRoute: () => root, path }))),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  const cache = new QueryClient({
    mutationCache: createMutationCache(() => {}),
    defaultOptions: { queries: { retry: false } },
  });
  const words = await loadWords("en");
  const rendered = render(
    <QueryClientProvider client={cache}>
      <I18nProvider initial="en" words={words}>
        {/* biome-ignore lint/suspicious/noExplicitAny: the page registers the type of its own router */}
        <RouterProvider router={router as any} />
      </I18nProvider>
    </QueryClientProvider>,
  );
  await act(() => router.load());
  return { ...rendered, cache, router };
}
