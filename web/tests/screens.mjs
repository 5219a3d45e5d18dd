// `npm run screens`: the pictures of docs/images, taken from a real MediaFetcher with real downloads.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { firstAccount, freePort, launch, open, root, startServer } from "./harness.mjs";
import { COMING, FILMS, make, serve } from "./scenes.mjs";

const OUT = join(root, "docs/images");
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

mkdirSync(OUT, { recursive: true });
const browser = await launch();
const port = await freePort();
const stopSite = await serve(port);
const drawing = await browser.newPage();
await make(drawing);
await drawing.close();
const server = await startServer(`127.0.0.1:${port}`, { MEDIAFETCHER_JOBS: "5", MEDIAFETCHER_JOBS_PER_SITE: "5" });
try {
  const page = await open(browser, server.url);
  await firstAccount(page, server);
  const api = async (method, path, data) => {
    const answer = await page.request.fetch(server.url + path, { method, data, headers: { origin: server.url } });
    if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`);
    return answer.status() === 204 ? undefined : answer.json();
  };
  const link = (title, slow, ext = "mp4") =>
    `http://127.0.0.1:${port}${slow ? `/slow/${slow}` : ""}/${encodeURIComponent(title)}.${ext}`;
  const fetchOne = (url, folder = "") => api("POST", "/api/downloads", { url, folder });

  for (const { title, folder } of FILMS.toReversed()) await fetchOne(link(title), folder);
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

  const [crossing, erg, cabin, rings] = COMING.map(({ title }) => title);
  await fetchOne(link("Rooftops of the old quarter"), "Documentaries/Cities");
  await fetchOne(link(cabin, 0, "mkv"), "Watch later");
  await page.goto(server.url);
  await page.locator("[role=progressbar][aria-valuetext^=Converting]").waitFor({ timeout: 60_000 });
  await fetchOne(link(crossing, 140), "Documentaries/Nature");
  await fetchOne(link(erg, 60), "Documentaries/Nature");
  await fetchOne(link(rings, 90), "Documentaries/Space");
  await page.waitForTimeout(9000); // a line of speed to look at
  const shot = async (from, name) => {
    await from.waitForLoadState("networkidle", { timeout: 1500 }).catch(() => {}); // the stream of events never is
    await from.screenshot({ path: join(OUT, `${name}.png`) });
  };
  await shot(page, "dashboard");

  const state = await page.context().storageState();
  const phone = await open(browser, server.url, { ...PHONE, storageState: state });
  await phone.getByRole("progressbar").first().waitFor();
  await shot(phone, "phone");
  const french = await open(browser, server.url, { locale: "fr-FR", colorScheme: "light", storageState: state });
  await french.getByRole("progressbar").first().waitFor();
  await french.waitForTimeout(3000);
  await shot(french, "french");
  const library = await open(browser, `${server.url}/library`, { colorScheme: "light", storageState: state });
  await library.getByRole("gridcell").first().waitFor();
  await shot(library, "library");

  const film = items.find(({ title }) => title === "Above the tree line");
  await page.goto(`${server.url}/watch/${film.id}`);
  await page.locator("video").evaluate(async (video) => {
    while (video.readyState < 2) await new Promise((done) => setTimeout(done, 50));
  });
  await shot(page, "watch");
  for (const each of [page, phone, french, library]) if (each.wrong.length) throw new Error(each.wrong.join("\n"));
} finally {
  await browser.close();
  await server.stop();
  stopSite();
}
