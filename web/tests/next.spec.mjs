// What plays next: the view that an item was opened from, and never the view of an item before.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

const RIVERS = "Slow / Rivers";
const upNext = (app) =>
  app.page
    .getByRole("region", { name: "Up next" })
    .getByRole("link")
    .evaluateAll((links) =>
      links.map((each) => /Seeded film \d+|\S+/.exec(each.querySelector(".line-clamp-2").textContent)[0]),
    );
const nextAre = (app, ...titles) => expect.poll(() => upNext(app)).toEqual(titles);
const film = (n) => `Seeded film ${n}`;

test("an item of a row of the start page is followed by the rest of its row", async ({ app, page }) => {
  app.seed(15); // film 1 is the newest
  await app.open();
  const open = (row, n) =>
    page
      .getByRole("region", { name: row })
      .getByRole("link", { name: new RegExp(`${film(n)} of`) })
      .click();
  await open("Unwatched", 14);
  await app.title(film(14)).waitFor();
  await nextAre(app, film(13), film(12), film(11)); // the oldest first, as they are shown
  await page.getByText("This browser cannot play this file").waitFor(); // the player, with its keys, comes by itself
  await app.press("p");
  await app.title(film(15)).waitFor();
  await nextAre(app, film(14), film(13), film(12), film(11));
  await page.getByRole("main").getByRole("link", { name: "Home" }).click();
  await open("Recently added", 8);
  await app.title(film(8)).waitFor();
  await nextAre(app, film(9), film(10));
  await page.reload();
  await nextAre(app, film(9), film(10));
});

test("an item that is opened from elsewhere has nothing of the queue before", async ({ app, page }) => {
  app.seed(3, RIVERS);
  await app.add({ path: "/media/ok.mp4", folder: "Trips" }, { path: "/media/h264_baseline.mp4", folder: "Trips" });
  const {
    items: [newest, older], // either of them may have come first
  } = await app.api("GET", "/api/items?folder=Trips");
  await app.open(`/channel/${encodeURIComponent(RIVERS)}?sort=title`);
  await page
    .getByRole("main")
    .getByRole("link", { name: new RegExp(`${film(1)} of`) })
    .click();
  await nextAre(app, film(2), film(3));
  await app.press("Control+k");
  await page.getByRole("combobox", { name: "Search everything" }).fill(newest.title);
  await page
    .getByRole("option", { name: new RegExp(`^${newest.title}`) })
    .first()
    .click();
  await app.shows(newest.id);
  await page.getByRole("main").getByRole("link", { name: "Trips", exact: true }).first().waitFor(); // where Back leads to
  await expect.poll(async () => (await upNext(app)).filter((title) => /Seeded/.test(title))).toEqual([]);
  await page.getByRole("button", { name: "Next", exact: true }).and(page.locator(":enabled")).waitFor();
  await app.press("n"); // of the folder, in which film 1 is not
  await app.shows(older.id);
  await app.title(older.title).waitFor();
  await page.goBack();
  await app.title(newest.title).waitFor();
  await page.goBack();
  await app.title(film(1)).waitFor();
  await nextAre(app, film(2), film(3));
});

test("an item that is no longer in its view has nothing next", async ({ app, page }) => {
  app.seed(4);
  await app.open("/library?unwatched=true&sort=title");
  await page.getByRole("gridcell").first().click();
  await nextAre(app, film(2), film(3), film(4));
  const id = /watch\/(\d+)/.exec(page.url())[1];
  await app.api("PUT", `/api/items/${id}/watched`, { watched: true });
  await page.reload();
  await app.title(film(1)).waitFor();
  await page.waitForLoadState("networkidle").catch(() => {});
  assert.deepEqual(await upNext(app), []);
});

test("an item is marked as watched and as unwatched, alone and with others", async ({ app, page }) => {
  app.seed(3);
  const watched = async () => (await app.api("GET", "/api/items?sort=title")).items.map((item) => item.watched);
  await app.open("/library?sort=title");
  await app.choose(app.cell(film(1)), "Mark as watched");
  await app.toast("Marked 1 item as watched").waitFor();
  assert.deepEqual(await watched(), [true, false, false]);
  await app.cell(film(1)).locator("svg.lucide-check").first().waitFor();
  const markTwo = async (name) => {
    for (const at of [1, 2]) await page.locator(`[data-index="${at}"]`).click({ modifiers: ["Control"] });
    await page.getByRole("toolbar", { name: "2 selected" }).getByRole("button", { name }).click();
    await page.getByRole("toolbar").waitFor({ state: "detached" });
  };
  await markTwo("Mark as watched");
  await app.toast("Marked 2 items as watched").waitFor();
  assert.deepEqual(await watched(), [true, true, true]);
  await expect(page.getByRole("gridcell").locator("svg.lucide-check")).toHaveCount(3);
  await markTwo("Mark as unwatched");
  await app.toast("Marked 2 items as unwatched").waitFor();
  assert.deepEqual(await watched(), [true, false, false]);
});

test("what is marked as watched while it plays stays so", async ({ app, page }) => {
  const [{ id }] = await app.add("/media/ok.mp4");
  const item = () => app.api("GET", `/api/items/${id}`);
  await app.open(`/watch/${id}`);
  await app.plays();
  const mark = async (name) => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  await mark("Mark as watched");
  await app.becomes(`/api/items/${id}`, ({ watched }) => watched);
  await app.media().evaluate((element) => {
    element.currentTime = 1.5;
    element.pause(); // its position would be kept now
  });
  await app.go("Library");
  await app.title("All media").waitFor();
  assert.equal((await item()).watched, true);
  await app.open(`/watch/${id}`);
  await app.plays();
  await mark("Mark as unwatched");
  await app.becomes(`/api/items/${id}`, ({ watched }) => !watched);
});

for (const [name, path] of [
  ["a channel", "/channel/Rivers"],
  ["the start page", "/"],
])
  test(`back restores the place of ${name}`, async ({ app, page }) => {
    app.seed(60, "Rivers");
    await page.setViewportSize({ width: 1000, height: 500 });
    await app.open(path);
    await page.locator("main a[href^='/watch/']").nth(8).waitFor();
    const box = page.locator("main .overflow-y-auto").first();
    const at = () => box.evaluate((element) => element.scrollTop);
    await box.evaluate((element) => element.scrollTo(0, 420));
    await expect.poll(at).toBe(420);
    await page.locator("main a[href^='/watch/']").nth(8).dispatchEvent("click");
    await page.waitForURL(/watch/);
    await page.getByRole("heading", { level: 1, name: /Seeded/ }).waitFor();
    await page.goBack();
    await page.locator("main a[href^='/watch/']").nth(8).waitFor();
    await expect.poll(at).toBe(420);
    await page.reload();
    await expect.poll(at).toBe(420);
    await app.go("Trash");
    await app.title("Trash").waitFor();
    await page.goBack();
    await expect.poll(at).toBe(420);
    await app.go("Trash");
    await app.title("Trash").waitFor();
    await app.open(path); // a new visit
    await page.locator("main a[href^='/watch/']").nth(8).waitFor();
    assert.equal(await at(), 0);
  });

test("back restores a place that was left in the moment of its scroll", async ({ app, page }) => {
  app.seed(60, "Rivers");
  await page.setViewportSize({ width: 1000, height: 500 });
  await app.open("/library");
  const link = page.locator("main a[href^='/watch/']").nth(8);
  await link.waitFor();
  const box = page.locator("[role=grid]").locator("..");
  // In one task: the browser tells of the scroll when the watch page is wanted already.
  await box.evaluate((element) => {
    element.scrollTo(0, 120);
    element.querySelectorAll("a[href^='/watch/']")[8].click();
  });
  await page.waitForURL(/watch/);
  await page.getByRole("heading", { level: 1, name: /Seeded/ }).waitFor();
  await page.goBack();
  await link.waitFor();
  await expect.poll(() => box.evaluate((element) => element.scrollTop)).toBe(120);
});
