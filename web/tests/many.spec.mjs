// Large libraries. Their items have no files: it is about lists, scrolling and search.
import assert from "node:assert/strict";
import { test } from "./fixtures.mjs";

test.describe.configure({ mode: "default" });
test.use({ serverEnv: { MEDIAFETCHER_MAX_DOWNLOADS: "1" } }); // a server of its own

/** Scrolls on until so many rows were passed; answers how many cells there ever were at once. */
const scroll = (app, until) =>
  app.page.evaluate(async (wanted) => {
    const grid = document.querySelector("[role=grid]");
    const box = grid.parentElement;
    let most = 0;
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      box.scrollTop = box.scrollHeight;
      await new Promise(requestAnimationFrame);
      const cells = grid.querySelectorAll("[data-index]");
      most = Math.max(most, cells.length);
      if (Number([...cells].at(-1)?.dataset.index) >= wanted) return most;
    }
    throw new Error("the end did not come");
  }, until);

for (const [total, until] of [
  [10_000, 9_900],
  [100_000, 5_000],
])
  test.describe(() => {
    test.use({ removesUser: total < 100_000 }); // the last one: its server ends with it
    test(`${total} items are scrolled and searched`, async ({ app, page }) => {
      test.slow();
      app.seed(total);
      await app.open("/library");
      await page.locator("h1 + span", { hasText: /^(10|100),000 items/ }).waitFor();
      assert.ok((await scroll(app, until)) < 200, "only what is in sight exists");
      await page.getByRole("searchbox").fill("seeded 4711 spring");
      await page.waitForFunction(() => {
        const titles = [...document.querySelectorAll("[role=gridcell] > a[dir]")].map((each) => each.textContent);
        return titles.length > 0 && titles.every((title) => title.includes("4711"));
      });
    });
  });
