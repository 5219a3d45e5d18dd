// How it looks with what nobody would make up: any width, any title, pictures that are not there.
import assert from "node:assert/strict";
import { PERSON } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

const WIDTHS = [320, 390, 820, 1440, 2560];
const TITLES = [
  "Long ".repeat(60),
  "Unbroken".repeat(30),
  "\u05d4\u05d3\u05e8\u05da \u05d4\u05d1\u05d9\u05ea\u05d4 (2026)",
];

interaction("from a narrow phone to a wide screen nothing is wider than its window, whatever the titles", async () => {
  const { page, server } = world;
  server.seed(PERSON.name, TITLES.length);
  const { items } = await world.api("GET", "/api/items?q=seeded&limit=3");
  for (const [i, title] of TITLES.entries()) await world.api("PATCH", `/api/items/${items[i].id}`, { title });
  page.expected.push(/status of 404|status of 503/); // what was seeded has no file
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
  await page.setViewportSize({ width: 1440, height: 900 });
});

interaction("a picture that does not come leaves its place to the tint", async () => {
  const { page, server } = world;
  server.seed(PERSON.name, 1);
  const [first] = (await world.api("GET", "/api/items?q=seeded&limit=1")).items;
  await page.route("**/api/items?*", async (route) => {
    const answer = await route.fetch();
    const found = await answer.json();
    await route.fulfill({ json: { ...found, items: found.items.map((each) => ({ ...each, poster: true })) } });
  });
  page.expected.push(/status of 404/); // the picture
  await page.goto(`${server.url}/library?q=seeded`);
  const cell = page.locator(`[data-item="${first.id}"]`);
  await cell.locator("img[hidden]").waitFor({ state: "attached" });
  await cell.locator("svg").first().waitFor();
  await page.unroute("**/api/items?*");
  await page.getByRole("searchbox").fill("nothing of the kind");
  await page.getByText("No results for “nothing of the kind”").waitFor();
});
