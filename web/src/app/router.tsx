/** Every page of the app and the parameters in its address. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { Filter, Sort } from "@/api/queries";
import { Gate } from "./gate";
import { NotFound } from "./not-found";

export type LibrarySearch = Filter & { folder?: string; q?: string; sort?: Sort; view?: "list" };

const SORTS: readonly string[] = ["-created", "title", "-size", "-duration"] satisfies Sort[];
const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

const root = createRootRoute({ component: Gate, notFoundComponent: NotFound });

const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/",
  // The share sheet of a phone puts the link in `url`, or anywhere in `text`.
  validateSearch: (search: Record<string, unknown>): { url?: string } => ({
    url: text(search.url) ?? text(search.text)?.match(/https?:\/\/\S+/)?.[0],
  }),
  component: lazyRouteComponent(() => import("@/features/downloads/dashboard"), "Dashboard"),
});

const library = createRoute({
  getParentRoute: () => root,
  path: "/library",
  validateSearch: (search: Record<string, unknown>): LibrarySearch => ({
    folder: text(search.folder),
    q: text(search.q),
    sort: SORTS.includes(String(search.sort)) ? (search.sort as Sort) : undefined,
    view: search.view === "list" ? "list" : undefined,
    kind: search.kind === "video" || search.kind === "audio" ? search.kind : undefined,
    unwatched: search.unwatched === true || undefined,
    site: text(search.site),
  }),
  component: lazyRouteComponent(() => import("./library"), "LibraryRoute"),
});

const trash = createRoute({
  getParentRoute: () => root,
  path: "/trash",
  component: lazyRouteComponent(() => import("@/features/items/trash"), "TrashPage"),
});

const watch = createRoute({
  getParentRoute: () => root,
  path: "/watch/$id",
  component: lazyRouteComponent(() => import("@/features/player/watch"), "Watch"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  // The site whose cookies are wanted.
  validateSearch: (search: Record<string, unknown>): { site?: string } => ({ site: text(search.site) }),
  component: lazyRouteComponent(() => import("@/features/settings/settings"), "Settings"),
});

export const router = createRouter({
  routeTree: root.addChildren([dashboard, library, trash, watch, settings]),
  defaultPreload: "intent",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
