// The player on other pages, in full screen and under a finger.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

async function open(app, path = "/media/ok.mp4") {
  const [item] = await app.add(path);
  await app.open(`/watch/${item.id}`);
  await app.plays();
  return item;
}
const region = (page) => page.getByRole("region", { name: "Player" });
const state = (app) =>
  app.media().evaluate(({ muted, paused, playbackRate, volume }) => ({ muted, paused, playbackRate, volume }));
const becomes = (app, wanted) => expect.poll(() => state(app)).toMatchObject(wanted);

test("what opens over the page in full screen can be seen there, and the keys go on afterwards", async ({
  app,
  page,
}) => {
  const items = await app.add("/media/ok.mp4", "/media/h264_baseline.mp4");
  const { items: all } = await app.api("GET", "/api/items?sort=title");
  await app.open("/library?sort=title");
  await page.getByRole("gridcell").first().click();
  await app.shows(all[0].id);
  await app.plays();
  await app.press("f");
  await page.waitForFunction(() => document.fullscreenElement?.hasAttribute("data-player"));
  const within = (locator) => locator.evaluate((element) => !!document.fullscreenElement?.contains(element));
  for (const [key, name] of [
    ["?", "Keyboard shortcuts"],
    ["a", "Add"],
  ]) {
    await app.press(key);
    const dialog = page.getByRole("dialog", { name, exact: true });
    await dialog.waitFor();
    assert.ok(await within(dialog), name);
    await dialog.getByRole("button", { name: "Close" }).click();
    await dialog.waitFor({ state: "detached" });
  }
  await app.api("POST", "/api/downloads", { url: app.unused("/media/vp9_opus.webm") });
  const toast = app.toast("Ready to watch");
  await toast.waitFor();
  assert.ok(await within(toast));
  await app.press("n");
  await app.shows(all[1].id);
  await app.plays();
  assert.ok(await page.evaluate(() => document.fullscreenElement !== null));
  assert.equal(items.length, 2);
});

test("the time after which it stops holds on every page", async ({ app, page }) => {
  await page.clock.install();
  await open(app);
  await page.getByRole("button", { name: "Playback settings" }).click();
  await page.getByRole("button", { name: "15 min" }).click();
  await app.press("Escape");
  await app.go("Library");
  await page.locator("[data-player=mini]").waitFor();
  await page.clock.fastForward("14:30");
  assert.equal(await app.paused(), false);
  await page.clock.fastForward("00:40");
  await becomes(app, { paused: true });
});

test("the bar of an audio item has volume, speed and the time to stop, and the keys work there", async ({
  app,
  page,
}) => {
  await open(app, "/media/a.mp3");
  await app.go("Library");
  const bar = page.locator("[data-player=bar]");
  await bar.waitFor();
  await region(page).getByRole("slider", { name: "Volume" }).fill("0.4");
  await becomes(app, { volume: 0.4, muted: false });
  await region(page).getByRole("button", { name: "Playback settings" }).click();
  await region(page).getByRole("button", { name: "1.25×" }).click();
  await becomes(app, { playbackRate: 1.25 });
  await region(page).getByRole("group", { name: "Stop after" }).waitFor();
  await app.accessible("the menu of the bar");
  await app.press("Escape");
  await app.title("All media").click();
  await app.press("m");
  await becomes(app, { muted: true });
  await app.press("Space");
  await becomes(app, { paused: true });
  await app.press("k");
  await becomes(app, { paused: false });
  await page.getByRole("searchbox", { name: "Search" }).focus();
  await page.keyboard.type("mk ");
  await becomes(app, { muted: true, paused: false }); // these were letters
  await app.onPhone(async () => {
    await region(page).getByRole("button", { name: "Playback settings" }).click();
    await region(page).getByRole("button", { name: "1×", exact: true }).click();
    await becomes(app, { playbackRate: 1 });
    await app.fits("the library with the bar of the player");
  });
});

test("a double tap jumps, and the bar is dragged", async ({ app, page }) => {
  await open(app);
  const tap = (part) =>
    app.media().evaluate((element, part) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const at = { clientX: left + width * part, clientY: top + height / 2 };
      for (const _ of [1, 2])
        element.dispatchEvent(new PointerEvent("pointerup", { bubbles: true, pointerType: "touch", button: 0, ...at }));
    }, part);
  const time = () => app.media().evaluate(({ currentTime }) => currentTime);
  await app.media().evaluate((element) => {
    element.loop = false;
    element.pause();
    element.currentTime = 2;
  });
  await expect.poll(time).toBe(2);
  await tap(0.1);
  await expect.poll(time).toBe(0);
  await tap(0.9);
  await expect.poll(time).toBeGreaterThan(2); // to the end of a short film
  await tap(0.5);
  await tap(0.1);
  await expect.poll(time).toBeLessThan(1);
  const seek = await region(page).getByRole("slider", { name: "Seek" }).boundingBox();
  const middle = seek.y + seek.height / 2;
  await page.mouse.move(seek.x + seek.width * 0.2, middle);
  await page.mouse.down();
  await page.mouse.move(seek.x + seek.width * 0.6, middle, { steps: 4 });
  await page.mouse.up();
  const { duration } = await app.media().evaluate(({ duration }) => ({ duration }));
  await expect.poll(async () => Math.abs((await time()) / duration - 0.6)).toBeLessThan(0.1);
});

test("a link pasted while a film plays, on a channel and on a playlist is added", async ({ app, page, site }) => {
  app.seed(1, "Rivers");
  await app.api("POST", "/api/downloads", { url: site.url("/list/6"), options: { playlist: { folder: false } } });
  const { lists } = await app.becomes("/api/lists", ({ lists }) => lists.length > 0);
  const dialog = page.getByRole("dialog", { name: "Add", exact: true });
  for (const path of ["/channel/Rivers", `/playlist/${lists[0].id}`]) {
    await app.open(path);
    await page.locator("main h1").waitFor();
    const link = app.unused("/media/ok.mp4");
    await app.paste(link);
    await expect(dialog.getByRole("textbox", { name: "Paste a link" })).toHaveValue(link);
    await dialog.getByRole("button", { name: "Clear", exact: true }).click();
  }
  const { id } = await open(app);
  await app.paste(app.unused("/media/h264_mp3.mp4"));
  await dialog.waitFor();
  assert.equal(await app.paused(), false);
  await app.press("Enter");
  await app.toast("Ready to watch").getByRole("button", { name: "Play" }).click({ timeout: 60_000 });
  await page.waitForFunction((id) => !document.querySelector("video").src.endsWith(`/media/${id}`), id);
  await app.plays();
});

test("the title of the window counts what runs", async ({ app, page }) => {
  await app.go("Library");
  for (const name of ["av1_aac.mp4", "av1_opus.webm"])
    await app.api("POST", "/api/downloads", { url: app.unused(`/slow/8/${name}`) });
  await expect(page).toHaveTitle(/^\(2\) Library · MediaFetcher$/, { timeout: 60_000 });
  await app.stopDownloads();
  await expect(page).toHaveTitle(/^Library · MediaFetcher$/, { timeout: 60_000 });
});
