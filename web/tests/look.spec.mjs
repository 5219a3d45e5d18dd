// How it looks with what nobody would make up: any width, any title, pictures that are not there.
import assert from "node:assert/strict";
import { test } from "./fixtures.mjs";

const WINDOW = { width: 1440, height: 900 };

const WIDTHS = [320, 390, 820, 1440, 2560];
const TITLES = [
  "Long ".repeat(60),
  "Unbroken".repeat(30),
  "\u05d4\u05d3\u05e8\u05da \u05d4\u05d1\u05d9\u05ea\u05d4 (2026)",
];

test("from a narrow phone to a wide screen nothing is wider than its window, whatever the titles", async ({
  app,
  page,
  server,
}) => {
  app.seed(TITLES.length);
  const { items } = await app.api("GET", "/api/items?q=seeded&limit=3");
  for (const [i, title] of TITLES.entries()) await app.api("PATCH", `/api/items/${items[i].id}`, { title });
  const paths = ["/", "/downloads", "/downloads?show=history", "/library", "/library?view=list", "/trash", "/settings"];
  for (const path of [...paths, ...items.map(({ id }) => `/watch/${id}`)]) {
    await page.goto(server.url + path);
    await page.getByRole("heading").first().waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      const over = await page.evaluate(async () => {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return [document.documentElement, ...document.querySelectorAll("main, main > div")]
          .map((each) => each.scrollWidth - each.clientWidth)
          .filter((more) => more > 0);
      });
      assert.deepEqual(over, [], `${path} at ${width} px`);
    }
  }
  await page.setViewportSize(WINDOW);
});

test("a picture that does not come leaves its place to the tint", async ({ app, page, server }) => {
  app.seed(1);
  const [first] = (await app.api("GET", "/api/items?q=seeded&limit=1")).items;
  await page.route("**/api/items?*", async (route) => {
    const answer = await route.fetch();
    const found = await answer.json();
    await route.fulfill({ json: { ...found, items: found.items.map((each) => ({ ...each, poster: true })) } });
  });
  app.expected.push(/status of 404/); // the picture
  await page.goto(`${server.url}/library?q=seeded`);
  const cell = page.locator(`[data-item="${first.id}"]`);
  await cell.locator("img[hidden]").waitFor({ state: "attached" });
  await cell.locator("svg").first().waitFor();
  await page.getByRole("searchbox").fill("nothing of the kind");
  await page.getByText("No results for “nothing of the kind”").waitFor();
  await page.unrouteAll({ behavior: "ignoreErrors" });
});
