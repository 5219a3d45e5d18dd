// The page never breaks, and nothing that was typed is lost; links come in from every page.
import assert from "node:assert/strict";
import { open, signIn } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

const { box, go, toast } = world;
const bar = () => world.page.getByRole("status").getByText("Can’t reach the server. Retrying…");
const AWAY = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of 50|Failed to fetch|a part of the page|ERR_NETWORK/;

/** As Ctrl+V does, without a clipboard. */
const paste = (text) =>
  world.page.evaluate((text) => {
    const data = new DataTransfer();
    data.setData("text", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  }, text);

interaction("paste to a moving picture takes three actions, from any page", async () => {
  const { page, site } = world;
  await go("Trash");
  await paste(site.url("/media/h264_mp3.mp4"));
  const dialog = page.getByRole("dialog", { name: "Add" });
  await dialog.getByRole("textbox", { name: "Paste a link" }).waitFor();
  await page.keyboard.press("Enter");
  await toast("Ready to watch").getByRole("button", { name: "Play" }).click({ timeout: 60_000 });
  await page.waitForFunction(() => {
    const video = document.querySelector("video");
    return video && !video.paused && video.currentTime > 0.1;
  });
});

interaction("a refused option opens its panel, and nothing typed is lost", async () => {
  const { page } = world;
  page.expected.push(/api\/preview/); // nothing is at this address
  await go("Home");
  await box().fill("https://site.test/film");
  await page.getByText("More options").click();
  await page.getByRole("textbox", { name: "Proxy" }).fill("abc");
  await page.getByText("More options").click();
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.getByRole("textbox", { name: "Proxy" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Proxy" }).getAttribute("aria-invalid"), "true");
  assert.equal(await box().inputValue(), "https://site.test/film");
  await page.reload();
  assert.equal(await box().inputValue(), "https://site.test/film");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

interaction("a shared link comes once", async () => {
  const { page, server } = world;
  await page.goto(`${server.url}/?url=${encodeURIComponent("https://site.test/shared")}`);
  await page.waitForURL(`${server.url}/`);
  assert.equal(await box().inputValue(), "https://site.test/shared");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await page.reload();
  assert.equal(await box().inputValue(), "");
});

interaction("each page has a title, and the focus begins at its content", async () => {
  const { page } = world;
  page.expected.push(/api\/extension/); // it is not built here
  for (const name of ["Library", "Trash", "Settings", "Home"]) {
    await go(name);
    const title = name === "Settings" ? "General · Settings" : name;
    await page.waitForFunction((title) => document.title === `${title} · MediaFetcher`, title);
    await page.waitForFunction(() => document.activeElement?.id === "main" || document.activeElement?.closest("main"));
  }
});

interaction("back restores the pixel of the view", async () => {
  const { page, server } = world;
  server.seed("Ada", 600);
  await page.goto(`${server.url}/library?sort=title&kind=video`);
  const grid = page.locator("[role=grid]").locator("..");
  await page.getByRole("gridcell").first().waitFor();
  await grid.evaluate((element) => element.scrollTo(0, 3000));
  await page.waitForFunction(() => document.querySelectorAll("[data-index]")[0]?.dataset.index > 20);
  const index = await page.getByRole("gridcell").nth(10).getAttribute("data-index");
  page.expected.push(/status of 4|ERR_/); // seeded items have no files
  await page.locator(`[data-index="${index}"]`).hover(); // scrolls it into view
  const left = await grid.evaluate((element) => element.scrollTop);
  await page.locator(`[data-index="${index}"]`).click();
  await page.waitForURL(/watch/);
  await page.goBack();
  await page.getByRole("gridcell").first().waitFor();
  await page.waitForFunction(
    (left) => Math.abs(document.querySelector("[role=grid]").parentElement.scrollTop - left) < 2,
    left,
  );
  assert.ok(page.url().endsWith("/library?sort=title&kind=video"));
});

interaction("the server stops under every page and comes back, and nothing is lost", async () => {
  const { page, server } = world;
  page.expected.push(AWAY);
  await page.goto(server.url);
  // The other parts are fetched when the page rests.
  await page.waitForFunction(
    () => {
      const fetched = performance.getEntriesByType("resource").map(({ name }) => name);
      return ["wish-panel", "library", "trash", "settings"].every((part) =>
        fetched.some((name) => new RegExp(`/assets/${part}-[\\w-]{8}\\.js`).test(name)),
      );
    },
    undefined,
    { timeout: 30_000 },
  );
  await page.getByText("Connected", { exact: true }).waitFor();
  await server.halt();
  await bar().waitFor();
  await box().fill("https://site.test/typed");
  await page.getByRole("combobox", { name: "Quality" }).waitFor(); // a part that was fetched in time
  for (const name of ["Library", "Trash", "Settings", "Home"]) {
    await go(name);
    await bar().waitFor();
    await page.getByRole("navigation", { name: "Main" }).first().waitFor();
  }
  assert.equal(await box().inputValue(), "https://site.test/typed");
  await world.accessible("without a server");
  await server.resume();
  await bar().waitFor({ state: "detached", timeout: 40_000 });
  assert.equal(await box().inputValue(), "https://site.test/typed");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

interaction("a page of an older build loads itself again, once", async () => {
  const { server, browser } = world;
  const page = await open(browser, server.url);
  await signIn(page);
  page.expected.push(/status of 404|a part of the page|Failed to fetch/);
  await page.route(/\/assets\/settings-[\w-]{8}\.js$/, (route) => route.fulfill({ status: 404, body: "" }));
  await page.route(`${server.url}/`, async (route) => {
    if (route.request().resourceType() === "document") return route.continue();
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/index-[\w-]+\.js/, "index-next.js") });
  });
  await page.reload();
  await page.evaluate(() => {
    window.before = true;
  });
  const link = page.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name: "Settings" });
  await link.click();
  await page.waitForFunction(() => window.before === undefined);
  await link.click();
  await page.getByRole("alert").filter({ hasText: "This part could not be loaded" }).waitFor();
  await page.evaluate(() => {
    window.before = true;
  });
  await page.getByRole("button", { name: "Try again" }).click(); // no further load of the page
  await page.getByRole("alert").filter({ hasText: "This part could not be loaded" }).waitFor();
  await page.getByRole("navigation", { name: "Main" }).first().waitFor();
  assert.equal(await page.evaluate(() => window.before), true);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});
