// The page never breaks, and nothing that was typed is lost; links come in from every page.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";
import { accessibility } from "./harness.mjs";

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

test("the server stops under every page and comes back, and nothing is lost", async ({ app, page, server }) => {
  app.expected.push(AWAY);
  // The other parts are fetched when the page rests.
  await page.waitForFunction(() => {
    const fetched = performance.getEntriesByType("resource").map(({ name }) => name);
    return ["wish-panel", "library", "trash", "settings"].every((part) =>
      fetched.some((name) => new RegExp(`/assets/${part}-[\\w-]{8}\\.js`).test(name)),
    );
  });
  await connected(app).waitFor();
  await server.halt();
  try {
    await bar(app).waitFor();
    await app.box().fill("https://site.test/typed");
    await page.getByRole("combobox", { name: "Quality" }).waitFor(); // a part that was fetched in time
    for (const name of ["Library", "Following", "Downloads", "Trash", "Settings", "Home"]) {
      await app.go(name);
      await bar(app).waitFor();
      await page.getByRole("heading", { level: 1 }).waitFor();
    }
    assert.equal(await app.box().inputValue(), "https://site.test/typed");
    await app.accessible("without a server");
  } finally {
    await server.resume();
  }
  await bar(app).waitFor({ state: "detached", timeout: 40_000 });
  await connected(app).waitFor();
  assert.equal(await app.box().inputValue(), "https://site.test/typed");
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
