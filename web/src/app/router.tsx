/** Every page of the app and the parameters in its address. */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import {
  channelQuery,
  type Filter,
  itemQuery,
  SORTS as SORT_ORDERS,
  type Sort,
  sessionQuery,
  sourceListQuery,
  trashQuery,
} from "@/api/queries";
import { PartFailed } from "@/components/boundary";
import { register } from "@/lib/load";
import { Gate } from "./gate";
import { NotFound } from "./not-found";

export type LibrarySearch = Filter & { folder?: string; q?: string; sort?: Sort; view?: "list" };

const SORTS: readonly string[] = SORT_ORDERS;
const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

type Context = { cache: QueryClient };

/** Data of a page is loaded while the user points at its link, but not before a sign-in. */
const canLoad = ({ cache }: Context) => !!cache.getQueryData(sessionQuery.queryKey)?.user;

const root = createRootRouteWithContext<Context>()({ component: Gate, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  // The share sheet of a phone puts the link in `url`, or anywhere in `text`.
  validateSearch: (search: Record<string, unknown>): { url?: string } => ({
    url: text(search.url) ?? text(search.text)?.match(/https?:\/\/\S+/)?.[0],
  }),
  component: lazyRouteComponent(
    register(() => import("./home")),
    "HomeRoute",
  ),
});

const downloads = createRoute({
  getParentRoute: () => root,
  path: "/downloads",
  validateSearch: (search: Record<string, unknown>): { show?: "action" | "history" } => ({
    show: search.show === "action" || search.show === "history" ? search.show : undefined,
  }),
  component: lazyRouteComponent(
    register(() => import("@/features/downloads/downloads")),
    "Downloads",
  ),
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
    tag: text(search.tag),
    since: text(search.since),
  }),
  component: lazyRouteComponent(
    register(() => import("./library")),
    "LibraryRoute",
  ),
});

const following = createRoute({
  getParentRoute: () => root,
  path: "/following",
  component: lazyRouteComponent(
    register(() => import("@/features/following/following")),
    "FollowingPage",
  ),
});

const follow = createRoute({
  getParentRoute: () => root,
  path: "/following/new",
  // The channel or list, and the folder that its downloads go to.
  validateSearch: (search: Record<string, unknown>): { url?: string; folder?: string } => ({
    url: text(search.url),
    folder: text(search.folder),
  }),
  component: lazyRouteComponent(
    register(() => import("@/features/following/follow")),
    "FollowPage",
  ),
});

const subscription = createRoute({
  getParentRoute: () => root,
  path: "/following/$id",
  component: lazyRouteComponent(
    register(() => import("@/features/following/subscription")),
    "SubscriptionPage",
  ),
});

const channels = createRoute({
  getParentRoute: () => root,
  path: "/channels",
  component: lazyRouteComponent(
    register(() => import("@/features/places/channels")),
    "ChannelsPage",
  ),
});

const channel = createRoute({
  getParentRoute: () => root,
  path: "/channel/$id",
  validateSearch: (search: Record<string, unknown>): { site?: string; sort?: Sort; unwatched?: true } => ({
    site: text(search.site),
    sort: SORTS.includes(String(search.sort)) ? (search.sort as Sort) : undefined,
    unwatched: search.unwatched === true || undefined,
  }),
  loaderDeps: ({ search: { site } }) => ({ site }),
  loader: ({ context, params: { id }, deps: { site } }) => {
    if (canLoad(context)) void context.cache.prefetchQuery(channelQuery(id, site));
  },
  component: lazyRouteComponent(
    register(() => import("@/features/places/channel")),
    "ChannelPage",
  ),
});

const lists = createRoute({
  getParentRoute: () => root,
  path: "/playlists",
  component: lazyRouteComponent(
    register(() => import("@/features/places/lists")),
    "ListsPage",
  ),
});

const list = createRoute({
  getParentRoute: () => root,
  path: "/playlist/$id",
  loader: ({ context, params: { id } }) => {
    if (canLoad(context)) void context.cache.prefetchQuery(sourceListQuery(Number(id)));
  },
  component: lazyRouteComponent(
    register(() => import("@/features/places/list")),
    "ListPage",
  ),
});

const trash = createRoute({
  getParentRoute: () => root,
  path: "/trash",
  loader: ({ context }) => {
    if (canLoad(context)) void context.cache.prefetchInfiniteQuery(trashQuery);
  },
  component: lazyRouteComponent(
    register(() => import("@/features/items/trash")),
    "TrashPage",
  ),
});

const watch = createRoute({
  getParentRoute: () => root,
  path: "/watch/$id",
  loader: ({ context, params: { id } }) => {
    if (canLoad(context)) void context.cache.prefetchQuery(itemQuery(Number(id)));
  },
  component: lazyRouteComponent(
    register(() => import("@/features/player/watch")),
    "Watch",
  ),
});

// The site whose cookies are wanted.
const wantedSite = (search: Record<string, unknown>): { site?: string } => ({ site: text(search.site) });

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  validateSearch: wantedSite,
  component: lazyRouteComponent(
    register(() => import("./settings")),
    "SettingsIndex",
  ),
});

const settingsSection = createRoute({
  getParentRoute: () => root,
  path: "/settings/$section",
  validateSearch: wantedSite,
  component: lazyRouteComponent(
    register(() => import("./settings")),
    "SettingsRoute",
  ),
});

const notifications = createRoute({
  getParentRoute: () => root,
  path: "/notifications",
  component: lazyRouteComponent(
    register(() => import("@/features/notifications/inbox")),
    "NotificationsPage",
  ),
});

/** `of`: a folder; `site`: of the channel. */
type SharesSearch = { item?: number; of?: number; channel?: string; site?: string; q?: string; title?: string };

const shares = createRoute({
  getParentRoute: () => root,
  path: "/shares",
  // The purpose of a link.
  validateSearch: (search: Record<string, unknown>): SharesSearch => ({
    item: Number(search.item) || undefined,
    of: Number(search.of) || undefined,
    channel: text(search.channel),
    site: text(search.site),
    q: text(search.q),
    title: text(search.title),
  }),
  component: lazyRouteComponent(
    register(() => import("@/features/shares/shares")),
    "SharesPage",
  ),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    downloads,
    library,
    following,
    follow,
    subscription,
    channels,
    channel,
    lists,
    list,
    trash,
    watch,
    settings,
    settingsSection,
    notifications,
    shares,
  ]),
  context: { cache: undefined as unknown as QueryClient }, // the app gives it
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0, // the cache of queries decides what is loaded again
  defaultErrorComponent: ({ reset }) => <PartFailed again={reset} />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
