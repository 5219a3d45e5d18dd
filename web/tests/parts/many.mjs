// Large libraries. Their items have no files: it is about lists, scrolling and search.
import assert from "node:assert/strict";
import { PERSON } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

/** Scrolls on until so many rows were passed; answers how many cells there ever were at once. */
const scroll = (until) =>
  world.page.evaluate(async (wanted) => {
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

async function many(total, until) {
  const { page, server, go } = world;
  await go("Downloads");
  server.seed(PERSON.name, total);
  await page.goto(`${server.url}/library`);
  const heading = page.locator("h1 + span");
  await heading.filter({ hasText: /^(10,|110,)\d{3} items/ }).waitFor();
  assert.ok((await scroll(until)) < 200, "only what is in sight exists");
  await page.getByRole("searchbox").fill("seeded 4711 spring");
  await page.waitForFunction(() => {
    const titles = [...document.querySelectorAll("[role=gridcell] > a[dir]")].map((each) => each.textContent);
    return titles.length > 0 && titles.every((title) => title.includes("4711"));
  });
  await page.getByRole("searchbox").fill("");
}

interaction("ten thousand items are scrolled and searched", () => many(10_000, 9_900));

interaction("a hundred thousand items are scrolled and searched", async () => {
  await many(100_000, 5_000);
  await world.page.keyboard.press("Escape");
});
