// Every page of the application, with something to show on each.
// Without the export: it asks the server for its preview at each visit.
const SETTINGS =
  "general account sessions tokens devices phone cookies sites notifications people limits ytdlp trash storage trail about";

/** Something on every page. Returns: the address of each. */
export async function everyPage(app) {
  const { site } = app;
  const [film] = await app.add("/media/h264_mp3.mp4");
  await app.api("POST", "/api/shares", { item: film.id });
  await app.api("POST", "/api/downloads", { url: site.url("/list/6"), options: { playlist: { folder: false } } });
  const { lists } = await app.becomes("/api/lists", ({ lists }) => lists.some(({ items }) => items === 6));
  const { id: failed } = await app.api("POST", "/api/downloads", { url: site.url("/nowhere/at-all.mp4") });
  await app.becomes(`/api/downloads/${failed}`, ({ state }) => state === "failed" || state === "needs_action");
  const { id } = await app.api("POST", "/api/subscriptions", { url: site.url("/list/6"), title: "Followed" });
  await app.becomes(`/api/subscriptions/${id}`, ({ checked_at }) => checked_at);
  const ongoing = "/api/downloads?state=queued,running,scheduled,expanded";
  await app.becomes(ongoing, ({ downloads }) => downloads.length === 0);
  app.seed(2, "Rivers");
  const { items } = await app.api("GET", "/api/items?limit=200&sort=title");
  await app.api("DELETE", `/api/items/${items.findLast(({ title }) => /Seeded film 2/.test(title)).id}`);
  return [
    "/",
    "/downloads",
    "/downloads?show=action",
    "/downloads?show=history",
    "/library",
    "/channels",
    "/channel/Rivers",
    "/playlists",
    `/playlist/${lists[0].id}`,
    "/following",
    `/following/${id}`,
    "/trash",
    "/notifications",
    "/shares",
    `/watch/${film.id}`,
    ...SETTINGS.split(" ").map((name) => `/settings/${name}`),
  ];
}
