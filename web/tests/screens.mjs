// `npm run screens [NAME...]`: the pictures of docs/images, taken from a real MediaFetcher with real downloads.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstAccount, freePort, launch, open, python, root, startServer } from "./harness.mjs";
import { COMING, FILMS, ffmpeg, make, serve } from "./scenes.mjs";

const OUT = process.env.SCREENS ?? join(root, "docs/images");
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const SIZES = { tablet: [820, 1180], wide: [2560, 1300], narrow: [320, 640] };
const WAYS = [
  ["-lossless", "1", "-quality", "100"],
  ["-quality", "80"],
];
const LONG = `${"An unreasonably long title that somebody gave to a film about very little ".repeat(3)}(director's cut)`;
const HEBREW = "\u05d4\u05d3\u05e8\u05da \u05d4\u05d0\u05e8\u05d5\u05db\u05d4 \u05d4\u05d1\u05d9\u05ea\u05d4 (2026)";

mkdirSync(OUT, { recursive: true });
const browser = await launch();
const port = await freePort();
const site = `http://127.0.0.1:${port}`;
const stopSite = await serve(port);
const drawing = await browser.newPage();
await make(drawing);
await drawing.close();
const env = { MEDIAFETCHER_MAX_DOWNLOADS: "6", MEDIAFETCHER_MAX_DOWNLOADS_PER_SITE: "6" };
const server = await startServer(`127.0.0.1:${port}`, env);
const opened = [];
const scratch = mkdtempSync(join(tmpdir(), "mediafetcher-screens-"));
const FFMPEG = ffmpeg();
let state;

/** A page of somebody signed in, and of nobody where `storageState` says so. */
async function show(path, options = {}) {
  const page = await open(browser, server.url + path, { storageState: state, ...options });
  opened.push(page);
  return page;
}

/** Takes the picture, as WebP without loss, or with a loss that nobody sees if that is smaller. `part` of the page. */
async function shot(page, name, part) {
  await page.waitForLoadState("networkidle", { timeout: 1200 }).catch(() => {}); // the stream of events never is
  await page.evaluate(() => document.fonts.ready);
  await page
    .waitForFunction(
      () =>
        [...document.images].every((image) => {
          const { top, bottom, left, right } = image.getBoundingClientRect();
          return image.complete || bottom < 0 || top > innerHeight || right < 0 || left > innerWidth;
        }),
      null,
      { timeout: 3000 },
    )
    .catch(() => {}); // one that is unavailable
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) throw new Error(`${name} is wider than its screen by ${overflow} px`);
  await part?.scrollIntoViewIfNeeded();
  const clip = part && (await part.boundingBox());
  const picture = join(scratch, `${name}.png`);
  await page.screenshot({ path: picture, ...(clip && { clip }) });
  const made = WAYS.map((way, n) => {
    const file = join(scratch, `${name}-${n}.webp`);
    execFileSync(FFMPEG, ["-v", "error", "-y", "-i", picture, ...way, file]);
    return [statSync(file).size, file];
  });
  copyFileSync(made.sort(([one], [other]) => one - other)[0][1], join(OUT, `${name}.webp`));
}

const quick = async (path, name, options, ready = (page) => page.getByRole("heading", { level: 1 }).waitFor()) => {
  const page = await show(path, options);
  await ready(page);
  await shot(page, name);
  await page.context().close();
};
const light = { colorScheme: "light" };
const cells = (page) => page.getByRole("gridcell").first().waitFor();
const bars = (page) => page.getByRole("progressbar").first().waitFor();

try {
  const page = await show("/");
  await page.getByLabel("One-time code").waitFor();
  await shot(page, "first-run");
  await firstAccount(page, server);
  state = await page.context().storageState();
  const api = async (method, path, data) => {
    const answer = await page.request.fetch(server.url + path, { method, data, headers: { origin: server.url } });
    if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`);
    return answer.status() === 204 ? undefined : answer.json();
  };
  const link = (title, slow, ext = "mp4") =>
    `${site}${slow ? `/slow/${slow}` : ""}/${encodeURIComponent(title)}.${ext}`;
  const fetchOne = (url, folder = "") => api("POST", "/api/downloads", { url, folder });
  await quick("/", "sign-in", { storageState: undefined });
  await quick("/downloads", "downloads-empty", {}, (page) => page.getByText("No downloads in progress").waitFor());
  await quick("/library", "library-empty");

  // What there is: films with a picture, watched in part; one with a long title, one from right to left.
  for (const { title, folder } of FILMS.toReversed())
    await fetchOne(`${site}/page/${encodeURIComponent(title)}`, folder);
  for (let left = FILMS.length; left; ) {
    const { downloads } = await api("GET", "/api/downloads?limit=100");
    const failed = downloads.find(({ state }) => state === "failed");
    if (failed) throw new Error(`${failed.url}: ${failed.error.message}`);
    left = downloads.filter(({ state }) => state !== "done").length;
    await new Promise((done) => setTimeout(done, 500));
  }
  const { items } = await api("GET", "/api/items?limit=100");
  for (const [i, part] of [0.6, 1, 0.25, 0.8].entries())
    await api("PUT", `/api/items/${items[i * 3].id}/position`, { position: items[i * 3].duration * part });
  const { downloads } = await api("GET", "/api/downloads?limit=100");
  for (const { id } of downloads.slice(3)) await api("DELETE", `/api/downloads/${id}`);
  const film = items.find(({ title }) => title === "Above the tree line");

  // The start page, with what was watched in part.
  const row = (page) => page.getByRole("region", { name: /watching|Reprendre/ }).waitFor();
  await quick("/", "home", {}, row);
  await quick("/", "home-light", light, row);
  await quick("/", "home-phone", PHONE, row);
  await quick("/", "home-phone-french", { ...PHONE, ...light, locale: "fr-FR" }, row);
  const palette = await show("/library");
  await cells(palette);
  await palette.keyboard.press("Control+k");
  await palette.getByRole("dialog").getByRole("combobox").fill("t");
  await palette.getByRole("option").nth(4).waitFor();
  await shot(palette, "palette");

  // The library.
  await quick("/library", "library", light, cells);
  await quick("/library", "library-dark", {}, cells);
  await quick("/library?view=list", "library-list", {}, cells);
  await quick("/library?q=nothing+of+the+kind", "library-nothing-found", light);
  await quick("/library", "library-phone", { ...PHONE, ...light }, cells);
  await quick("/library", "library-narrow", { viewport: { width: 320, height: 640 } }, cells);
  await quick("/library", "library-tablet", { viewport: { width: 820, height: 1180 } }, cells);
  await quick("/library", "library-wide", { viewport: { width: 2560, height: 1300 } }, cells);
  const library = await show("/library?folder=Documentaries", light);
  await cells(library);
  for (const title of ["Salt and slow water", "Last tram home", "What the probe saw"])
    await library.getByRole("gridcell", { name: title }).click({ modifiers: ["Control"] });
  await shot(library, "library-selection");
  await library.keyboard.press("Escape");
  await library.getByRole("gridcell", { name: "Last tram home" }).click({ button: "right" });
  await library.getByRole("menuitem").first().waitFor();
  await shot(library, "library-menu");
  const drawer = await show("/library", PHONE);
  await drawer.getByRole("button", { name: "Folders", exact: true }).click();
  await drawer.getByRole("dialog").getByRole("treeitem").first().waitFor();
  await shot(drawer, "library-folders-phone");
  const renamed = await Promise.all(
    [LONG, HEBREW].map((title, i) => api("PATCH", `/api/items/${items[i].id}`, { title })),
  );
  await quick("/library", "library-titles", {}, cells);
  await quick(`/watch/${renamed[0].id}`, "watch-long-title", PHONE, (page) => page.locator("video").waitFor());
  for (const i of [0, 1]) await api("PATCH", `/api/items/${items[i].id}`, { title: items[i].title });

  // The player.
  const playing = (page) =>
    page.locator("video").evaluate(async (video) => {
      video.muted = true;
      await video.play();
      while (video.currentTime < 0.5) await new Promise((done) => setTimeout(done, 50));
      video.pause();
    });
  await quick(`/watch/${film.id}`, "watch", {}, playing);
  await quick(`/watch/${film.id}`, "watch-light", light, playing);
  await quick(`/watch/${film.id}`, "watch-phone", PHONE, playing);
  const theatre = await show(`/watch/${film.id}`);
  await playing(theatre);
  await theatre.keyboard.press("t");
  await shot(theatre, "watch-theatre");
  await theatre.keyboard.press("t");
  await theatre.locator("video").evaluate((video) => video.play()); // a paused one closes
  await theatre.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name: "Library" }).click();
  await cells(theatre);
  await theatre.locator("[data-player=mini]").waitFor();
  await shot(theatre, "library-mini-player");
  const broken = await show("/");
  await broken.route("**/media/*", (route) =>
    route.fulfill({ status: 200, contentType: "video/mp4", body: "no film" }),
  );
  await broken.goto(`${server.url}/watch/${film.id}`);
  await broken.getByRole("alert").waitFor();
  await shot(broken, "watch-unplayable");

  // What lies in the trash, and the settings.
  await quick("/trash", "trash-empty");
  for (const { id } of items.slice(-2)) await api("DELETE", `/api/items/${id}`);
  await quick("/trash", "trash", light);
  for (const { id } of items.slice(-2)) await api("POST", `/api/items/${id}/restore`);
  const tree = ["-m", "mediafetcher", "--state", server.state, "export", "--folder-layout", "Music=music", "--tagged"];
  execFileSync(python, tree, { cwd: root });
  const settings = await show("/settings");
  const links = settings.getByRole("navigation", { name: "Settings" }).getByRole("link");
  await links.first().waitFor();
  for (const link of await links.all()) {
    await link.click();
    await settings.waitForURL(new RegExp(`${await link.getAttribute("href")}$`));
    await shot(settings, `settings-${new URL(settings.url()).pathname.split("/").at(-1)}`);
  }
  await quick("/settings", "settings-phone", { ...PHONE, ...light });
  const french = { ...light, locale: "fr-FR" };
  await quick("/settings", "settings-french", french);
  for (const section of ["notifications", "limits", "sites", "phone"]) {
    await quick(`/settings/${section}`, `settings-${section}-french`, french);
    await quick(`/settings/${section}`, `settings-${section}-phone-french`, { ...french, ...PHONE });
  }
  await quick("/notifications", "notifications", light);
  await quick(`/shares?item=${film.id}&title=${encodeURIComponent(film.title)}`, "share", light);

  // What is followed.
  await quick("/following", "following-empty", light);
  const feed = `/following/new?url=${encodeURIComponent(`${site}/list`)}`;
  const everything = async (page) => {
    await page.getByRole("radio").nth(2).check({ timeout: 60_000 });
    await page.getByText(/12 of 12|12 vidéos sur 12/).waitFor();
  };
  await quick(feed, "dry-run", {}, everything);
  await quick(feed, "dry-run-french", french, everything);
  await quick(feed, "dry-run-phone", PHONE, everything);
  const { id: followed } = await api("POST", "/api/subscriptions", {
    url: `${site}/list`,
    title: "Slow landscapes, season one",
    backfill: "new",
    filter: { title_exclude: "piano|ferry", min_duration: 1200 },
  });
  await api("POST", "/api/subscriptions", {
    url: `${site}/closed`,
    title: "Members of the mountain club",
    backfill: "new",
  });
  const known = (page) => page.locator("[data-subscription]").nth(1).waitFor();
  const entries = (page) => page.locator("[data-entry]").nth(5).waitFor({ timeout: 60_000 });
  await quick(`/following/${followed}`, "subscription", {}, entries);
  await quick(`/following/${followed}`, "subscription-phone", { ...PHONE, ...light }, entries);
  await quick("/following", "following", {}, known);
  await quick("/following", "following-phone-french", { ...french, ...PHONE }, known);

  // What a link is, before it is taken.
  await page.goto(server.url);
  const box = page.getByRole("textbox", { name: "Paste a link" });
  await box.fill(`${site}/page/${encodeURIComponent(FILMS[2].title)}`);
  await page.locator("[data-preview=media]").waitFor();
  await page.waitForFunction(() => document.querySelector("[data-preview] img")?.naturalWidth > 0);
  await shot(page, "preview");
  await box.fill(`${site}/list`);
  await page.locator("[data-preview=playlist]").waitFor();
  await shot(page, "playlist");
  await box.fill("");
  const adding = await show("/library", PHONE);
  await cells(adding);
  await adding.getByRole("navigation").getByRole("button", { name: "Add" }).click();
  await adding
    .getByRole("textbox", { name: "Paste a link" })
    .fill(`${site}/page/${encodeURIComponent(FILMS[2].title)}`);
  await adding.locator("[data-preview=media]").waitFor();
  await shot(adding, "add-phone");
  await adding.getByRole("textbox", { name: "Paste a link" }).fill("");

  // Downloads at work.
  const [crossing, erg, cabin, rings] = COMING.map(({ title }) => title);
  await fetchOne(link("Rooftops of the old quarter"), "Documentaries/Cities");
  await fetchOne(link(cabin, 700, "mkv"), "Watch later"); // slowly: a leap would flatten the line of speed;
  await page.goto(`${server.url}/downloads`);
  await page.locator("[role=progressbar][aria-valuetext^=Converting]").waitFor({ timeout: 90_000 });
  await fetchOne(link(crossing, 140), "Documentaries/Nature");
  await fetchOne(link(erg, 60), "Documentaries/Nature");
  await fetchOne(link(rings, 90), "Documentaries/Space");
  await page.waitForFunction(() => document.querySelectorAll("[role=progressbar]").length >= 3);
  await page.waitForTimeout(9000); // a line of speed to look at
  await shot(page, "dashboard");
  await quick("/downloads", "dashboard-light", light, bars);
  await quick("/downloads?show=history", "downloads-history", light);
  await quick("/downloads?show=action", "downloads-needs-action", light);
  await quick("/downloads", "phone", PHONE, bars);
  await quick("/downloads", "french", { ...light, locale: "fr-FR" }, bars);
  for (const [name, [width, height]] of Object.entries(SIZES))
    await quick("/downloads", `dashboard-${name}`, { viewport: { width, height } }, bars);

  // What is wrong.
  const media = join(server.state, "media");
  renameSync(media, `${media}.away`);
  await page.getByRole("alert").filter({ hasText: media }).waitFor({ timeout: 60_000 });
  await shot(page, "dashboard-mount-away");
  renameSync(`${media}.away`, media);
  await page.getByRole("alert").filter({ hasText: media }).waitFor({ state: "detached", timeout: 60_000 });
  for (const each of opened) if (each !== broken && each.wrong.length) throw new Error(each.wrong.join("\n"));
  await server.halt();
  await page.getByText("Can’t reach the server").waitFor({ timeout: 30_000 });
  await shot(page, "dashboard-live-off");
  await server.resume();
} finally {
  await browser.close();
  await server.stop();
  stopSite();
  rmSync(scratch, { recursive: true });
}
