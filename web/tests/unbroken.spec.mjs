// The page never breaks, and nothing that was typed is lost; links come in from every page.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";
import { accessibility } from "./harness.mjs";
import { everyPage } from "./pages.mjs";

const AWAY = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of 50|Failed to fetch|a part of the page|ERR_NETWORK/;
const bar = (app) => app.page.getByRole("status").getByText("Can’t reach the server. Retrying…");
const clear = (app) => app.page.getByRole("button", { name: "Clear", exact: true }).click();
const connected = (app) => app.page.getByText("Connected", { exact: true });

for (const name of ["Home", "Library", "Following", "Downloads", "Trash", "Settings"])
  test(`paste to a moving picture takes three actions, from ${name}`, async ({ app, page, site }) => {
    await app.go(name);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await app.paste(site.url("/media/h264_mp3.mp4")); // one
    if (!["Home", "Downloads"].includes(name)) await page.getByRole("dialog", { name: "Add" }).waitFor();
    await expect(app.box()).toBeFocused();
    await app.press("Enter"); // two
    await app.toast("Ready to watch").getByRole("button", { name: "Play" }).click({ timeout: 60_000 }); // three
    await page.waitForFunction(() => {
      const video = document.querySelector("video");
      return video && !video.paused && video.currentTime > 0.1 && video.videoWidth > 0;
    });
  });

test("a refused option opens its panel, and nothing typed is lost", async ({ app, page }) => {
  app.expected.push(/api\/preview/); // nothing is at this address
  await app.box().fill("https://site.test/film");
  await page.getByText("More options").click();
  await page.getByRole("textbox", { name: "Proxy" }).fill("abc");
  await page.getByText("More options").click();
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.getByRole("textbox", { name: "Proxy" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Proxy" }).getAttribute("aria-invalid"), "true");
  assert.equal(await app.box().inputValue(), "https://site.test/film");
  await page.reload();
  assert.equal(await app.box().inputValue(), "https://site.test/film");
});

test("a shared link comes once", async ({ app, page, server }) => {
  app.expected.push(/api\/preview/);
  await app.open(`/?url=${encodeURIComponent("https://site.test/shared")}`);
  await page.waitForURL(`${server.url}/`);
  assert.equal(await app.box().inputValue(), "https://site.test/shared");
  await clear(app);
  await page.reload();
  assert.equal(await app.box().inputValue(), "");
});

test("each page has a title, and the focus begins at its content", async ({ app, page }) => {
  app.expected.push(/api\/extension/); // it is not built here
  for (const name of ["Library", "Trash", "Settings", "Home"]) {
    await app.go(name);
    await expect(page).toHaveTitle(`${name === "Settings" ? "General · Settings" : name} · MediaFetcher`);
    await page.waitForFunction(() => document.activeElement?.id === "main" || document.activeElement?.closest("main"));
  }
});

test("back restores the pixel of the view", async ({ app, page }) => {
  app.seed(600);
  app.expected.push(/status of 4|ERR_/);
  await app.open("/library?sort=title&kind=video");
  const grid = page.locator("[role=grid]").locator("..");
  await page.getByRole("gridcell").first().waitFor();
  await grid.evaluate((element) => element.scrollTo(0, 3000));
  await page.waitForFunction(() => document.querySelectorAll("[data-index]")[0]?.dataset.index > 20);
  const index = await page.getByRole("gridcell").nth(10).getAttribute("data-index");
  await page.locator(`[data-index="${index}"]`).hover(); // scrolls it into view
  const left = await grid.evaluate((element) => element.scrollTop);
  await page.locator(`[data-index="${index}"]`).click();
  await page.waitForURL(/watch/);
  await page.goBack();
  await page.getByRole("gridcell").first().waitFor();
  await page.waitForFunction((left) => document.querySelector("[role=grid]").parentElement.scrollTop === left, left);
  assert.ok(page.url().endsWith("/library?sort=title&kind=video"));
});

/** Goes to a page as its links do. A film that is paused does not come along. */
const goTo = (page, path) =>
  page.evaluate((path) => {
    document.querySelector("video")?.pause();
    history.pushState({}, "", path);
  }, path);

/** The lines of the page with "#" for each number, without those that change by themselves: ages, sizes and speeds. */
const lines = (page) =>
  page.locator("#main").evaluate((main) => [
    ...new Set(
      main.innerText
        .split("\n")
        .map((line) => line.replace(/\d+/g, "#"))
        .filter((line) => line.length > 2 && !/\b(ago|now|yesterday|left)\b|# ?[kMGT]?B\b/.test(line)),
    ),
  ]);

/** The other parts of the page are fetched when it rests. */
const fetched = (page, ...parts) =>
  page.waitForFunction((parts) => {
    const names = performance.getEntriesByType("resource").map(({ name }) => name);
    return parts.every((part) => names.some((name) => new RegExp(`/assets/${part}-[\\w-]{8}\\.js`).test(name)));
  }, parts);

/** What each page shows when it is at rest. */
async function contents(app, paths) {
  const found = new Map();
  for (const path of paths) {
    await goTo(app.page, path);
    await app.page.waitForFunction((path) => location.pathname + location.search === path, path);
    await expect
      .poll(
        async () => {
          const before = await lines(app.page);
          await app.page.waitForTimeout(150);
          const after = await lines(app.page);
          const loading = await app.page.locator("#main [role=status][aria-label='Loading']").count();
          return !loading && after.length > 0 && before.join() === after.join();
        },
        { message: path, timeout: 30_000 },
      )
      .toBe(true);
    found.set(path, await lines(app.page));
  }
  return found;
}

test("the server stops under every page and comes back, and nothing is lost", async ({ app, page, server }) => {
  test.slow(); // some forty pages, in two widths
  app.expected.push(AWAY, /api\/extension/, /status of 4/);
  const paths = await everyPage(app);
  await app.open(); // with all of it
  await page.locator("main a[href^='/watch/']").first().waitFor();
  const [WIDE, PHONE] = [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ];
  const before = {};
  await page.setViewportSize(PHONE);
  before.phone = await contents(app, paths);
  await page.setViewportSize(WIDE);
  before.wide = await contents(app, paths);
  for (const path of paths) assert.ok(before.wide.get(path).length > 1, `${path} shows ${before.wide.get(path)}`);
  await fetched(page, "wish-panel", "inbox", "toasts");
  await goTo(page, "/");
  await connected(app).waitFor();
  await server.halt();
  try {
    await bar(app).waitFor();
    await app.box().fill("https://site.test/typed");
    await page.getByRole("combobox", { name: "Quality" }).waitFor(); // a part that was fetched in time
    for (const width of ["wide", "phone"]) {
      await page.setViewportSize(width === "wide" ? WIDE : PHONE);
      for (const path of paths) {
        await goTo(page, path);
        const missing = async () => {
          const now = await lines(page);
          return before[width].get(path).filter((line) => line !== "Paste a link" && !now.includes(line)); // its box is full
        };
        await expect.poll(missing, { message: `${path}, ${width}`, timeout: 30_000 }).toEqual([]);
        await bar(app).waitFor();
      }
    }
    await page.setViewportSize(WIDE);
    await page.waitForTimeout(3000); // the queries of the last page have given up by now
    await goTo(page, "/");
    assert.equal(await app.box().inputValue(), "https://site.test/typed");
    await app.accessible("without a server");
  } finally {
    await server.resume();
  }
  await bar(app).waitFor({ state: "detached", timeout: 40_000 });
  await connected(app).waitFor();
  assert.equal(await app.box().inputValue(), "https://site.test/typed");
});

test("a film goes on when the server stops, and its page stays", async ({ app, page, server }) => {
  app.expected.push(AWAY);
  const [{ id, title }] = await app.add("/media/h264_mp3.mp4");
  await fetched(page, "library");
  await goTo(page, `/watch/${id}`);
  await app.plays();
  await page.waitForFunction(() => {
    const { buffered, duration } = document.querySelector("video");
    return buffered.length && buffered.end(buffered.length - 1) >= duration - 0.2;
  });
  await server.halt();
  try {
    await bar(app).waitFor();
    await page.waitForTimeout(10_000); // so long it takes until a query gives up
    await app.plays();
    await app.title(title).waitFor();
    await page.locator("[data-player=page]").waitFor();
    await app.go("Library");
    await page.locator("[data-player=mini]").waitFor();
    await app.plays();
  } finally {
    await server.resume();
  }
  await bar(app).waitFor({ state: "detached", timeout: 40_000 });
});

test("the browser is offline and comes back", async ({ app, page }) => {
  app.expected.push(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE_CHUNKED/);
  await app.fetch(app.unused("/slow/8/vp9_opus.webm"));
  await app.download("running", "vp9_opus").waitFor();
  await page.context().setOffline(true);
  // A stream that is open stays so: it is the next one that finds nobody.
  await page.reload().catch(() => {});
  await page.context().setOffline(false);
  await app.open("/downloads");
  await connected(app).waitFor();
  await app.tab("History");
  await app.download("done", "vp9_opus").waitFor({ timeout: 60_000 });
});

test("a page of an older build loads itself again, once", async ({ app, page, server }) => {
  app.expected.push(/status of 404|a part of the page|Failed to fetch/);
  await page.route(/\/assets\/settings-[\w-]{8}\.js$/, (route) => route.fulfill({ status: 404, body: "" }));
  await page.route(`${server.url}/`, async (route) => {
    if (route.request().resourceType() === "document") return route.continue();
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/index-[\w-]+\.js/, "index-next.js") });
  });
  const mark = () =>
    page.evaluate(() => {
      window.before = true;
    });
  const notice = page.getByRole("alert").filter({ hasText: "This part could not be loaded" });
  await page.reload();
  await mark();
  await app.go("Settings");
  await page.waitForFunction(() => window.before === undefined);
  await app.go("Settings");
  await notice.waitFor();
  await mark();
  await page.getByRole("button", { name: "Try again" }).click(); // no further load of the page
  await notice.waitFor();
  await page.getByRole("navigation", { name: "Main" }).first().waitFor();
  assert.equal(await page.evaluate(() => window.before), true);
});

test("a browser that opens the server by an unknown name reads what to type", async ({ app, page, server }) => {
  app.expected.push(/status of 421/);
  const named = server.url.replace("127.0.0.1", "nas.localhost");
  await page.goto(named);
  await page.getByRole("heading", { level: 1, name: "This name is not set up yet" }).waitFor();
  await page.locator("code", { hasText: "host_names = ['nas.localhost']".replaceAll("'", '"') }).waitFor();
  for (const colorScheme of ["light", "dark"])
    for (const width of [1440, 320]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await accessibility(page), [], `${colorScheme} ${width}`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${width} px`);
    }
  await app.api("PATCH", "/api/settings", { host_names: ["nas.localhost"] });
  try {
    await page.goto(named);
    await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  } finally {
    await app.api("PATCH", "/api/settings", { host_names: null });
  }
});
