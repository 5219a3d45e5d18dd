// The size of a phone: what covers what, and what can be reached with a thumb.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

test.use({ viewport: { width: 390, height: 844 } });

const box = (locator) => locator.boundingBox();
const bottom = ({ y, height }) => y + height;
const bar = (page) => page.getByRole("navigation", { name: "Main" }).last();

for (const [path, mode] of [
  ["/media/ok.mp4", "mini"],
  ["/media/a.mp3", "bar"],
])
  test(`what comes next fits into the small player, ${mode}`, async ({ app, page }) => {
    const [second, item] = await app.add(mode === "mini" ? "/media/h264_mp3.mp4" : "/media/ok.mp4", path);
    await app.api("PATCH", `/api/items/${item.id}`, { title: "First" });
    await app.api("PATCH", `/api/items/${second.id}`, { title: "Second, and wider than any phone is ".repeat(3) });
    await app.open("/library?sort=title");
    await page.locator(`[data-item="${item.id}"] a`).last().click();
    await app.shows(item.id);
    await app.plays();
    await page.locator("main").getByRole("link", { name: "Back to library" }).click();
    const player = page.locator(`[data-player=${mode}]`);
    await player.waitFor();
    await app.media().evaluate((element) => {
      element.loop = false;
      element.currentTime = element.duration - 0.2;
    });
    const notice = player.getByRole("status");
    await notice.waitFor();
    const outer = await box(player);
    assert.ok(bottom(outer) <= (await box(bar(page))).y + 1, "the player covers the navigation");
    for (const part of await notice.locator("p:visible, button:visible").all()) {
      const inner = await box(part);
      assert.ok(inner.y >= outer.y && bottom(inner) <= bottom(outer), `${await part.innerText()} leaves the player`);
      assert.ok(inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width);
    }
    await app.accessible("what comes next");
    await notice.getByRole("button", { name: "Play now" }).click();
    await app.shows(second.id);
  });

test("the palette is opened by a button", async ({ app, page }) => {
  const dialog = page.getByRole("dialog", { name: "Search everything" });
  await page.getByRole("main").getByRole("button", { name: "Search", exact: true }).click();
  await dialog.waitFor();
  await app.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await app.open("/trash");
  await bar(page).getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Search", exact: true }).click();
  await dialog.waitFor();
});

test("the title of the start page stands above the box for links", async ({ app, page }) => {
  const [title, form] = [
    page.getByRole("heading", { level: 1, name: "Home" }),
    page.locator("form", { has: app.box() }),
  ];
  assert.ok(bottom(await box(title)) + 8 <= (await box(form)).y);
});

test("toasts stand together, also while one leaves", async ({ app, page }) => {
  app.seed(3);
  await app.open("/library");
  const toasts = page.locator("[data-slot=toast]");
  for (let n = 0; n < 3; n++) {
    await page.getByRole("gridcell").first().focus();
    await app.press("Delete");
    await expect(toasts).toHaveCount(n + 1);
    await toasts.first().hover(); // while the pointer is over them they stay
  }
  const gaps = () =>
    toasts.evaluateAll((all) => {
      const boxes = all
        .filter((each) => !each.hasAttribute("data-ending-style"))
        .map((each) => each.getBoundingClientRect())
        .sort((a, b) => a.top - b.top);
      return boxes.slice(1).map(({ top }, i) => Math.round(top - boxes[i].bottom));
    });
  await expect.poll(gaps).toEqual([8, 8]);
  await toasts.nth(1).hover();
  await toasts.nth(1).locator("button").last().click();
  const seen = await page.evaluate(async () => {
    let widest = 0;
    for (const end = performance.now() + 600; performance.now() < end; await new Promise(requestAnimationFrame)) {
      const boxes = [...document.querySelectorAll("[data-slot=toast]:not([data-ending-style])")]
        .map((each) => each.getBoundingClientRect())
        .sort((a, b) => a.top - b.top);
      for (const [i, { top }] of boxes.slice(1).entries()) widest = Math.max(widest, top - boxes[i].bottom);
    }
    return widest;
  });
  await expect.poll(gaps).toEqual([8]);
  assert.ok(seen < 100, `${seen} px between two toasts`); // the height of the one that left, no more
});
