// The palette: search over items, folders, pages and actions from any page.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const dialog = () => world.page.getByRole("dialog", { name: "Search everything" });
const box = () => dialog().getByRole("combobox", { name: "Search everything" });
const group = (name) => dialog().getByRole("group", { name });
const option = (name) => dialog().getByRole("option", { name });
const isCurrent = async (wanted) => {
  await wanted.waitFor();
  await world.page.waitForFunction(
    ([input, entry]) => input.getAttribute("aria-activedescendant") === entry.id,
    [await box().elementHandle(), await wanted.elementHandle()],
  );
};

interaction("Ctrl+K finds an item, a folder and a page from any page, by keyboard alone", async () => {
  const { page, server } = world;
  server.seed("Ada", 1);
  const [item] = (await world.api("GET", "/api/items?q=seeded&limit=1")).items;
  await world.api("PATCH", `/api/items/${item.id}`, { title: "Élan of the palette", folder: "Palette/Inner place" });
  page.expected.push(/status of 404|status of 503/); // what is seeded has no file
  for (const path of ["/", "/library", "/downloads", "/settings/account"]) {
    await page.goto(server.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Control+k");
    assert.ok(await box().evaluate((input) => input === document.activeElement));
    await page.keyboard.press("Escape");
    await dialog().waitFor({ state: "detached" });
  }
  await page.getByLabel("Current password").focus();
  await page.keyboard.press("Control+k"); // also while something is typed
  await box().pressSequentially("palette ela");
  await isCurrent(group("Videos and audio").getByRole("option", { name: "Élan of the palette" }));
  assert.equal(await option("Élan of the palette").locator("mark").allInnerTexts().then(String), "Éla,palette");
  await world.accessible("the palette");
  const opened = page.context().waitForEvent("page");
  await page.keyboard.press("Control+Enter");
  const other = await opened;
  await other.waitForURL(`**/watch/${item.id}`);
  await other.close();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/watch/${item.id}`);
  await page.keyboard.press("Control+k");
  await box().fill("inner");
  await isCurrent(group("Places").getByRole("option", { name: "Palette / Inner place" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Inner place" }).waitFor();
  await page.keyboard.press("Control+k");
  await box().fill("limits");
  await isCurrent(group("Pages").getByRole("option", { name: "Limits" }));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/settings/limits");
});

interaction("the arrows go through all groups of the palette, and nothing found is said", async () => {
  const { page } = world;
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await isCurrent(option("Home"));
  await page.keyboard.press("ArrowUp");
  await isCurrent(option("Switch theme"));
  await page.keyboard.press("ArrowDown");
  await isCurrent(option("Home"));
  await box().fill("nothing like it");
  await dialog().getByText("No results for “nothing like it”").waitFor();
  await dialog().getByRole("status").getByText("0 results").waitFor();
  await world.accessible("the palette without a result");
  await page.keyboard.press("Escape");
});

interaction("a link typed into the palette opens Add with it, and an action is run", async () => {
  const { page, site } = world;
  const link = site.url("/media/ok.mp4");
  await page.keyboard.press("Control+k");
  await box().fill(link);
  await isCurrent(group("Actions").getByRole("option", { name: `Add ${link}` }));
  await page.keyboard.press("Enter");
  const add = page.getByRole("dialog", { name: "Add", exact: true });
  assert.equal(await add.getByRole("textbox", { name: "Paste a link" }).inputValue(), link);
  await add.getByRole("button", { name: "Clear", exact: true }).click();
  await page.keyboard.press("Escape");
  await add.waitFor({ state: "detached" });
  const dark = () => page.evaluate(() => document.documentElement.classList.contains("dark"));
  const before = await dark();
  await page.keyboard.press("Control+k");
  await box().fill("theme");
  await isCurrent(option("Switch theme"));
  await page.keyboard.press("Enter");
  await dialog().waitFor({ state: "detached" });
  assert.notEqual(await dark(), before);
  const chosen = before ? "light" : "dark";
  await world.becomes("/api/preferences", ({ theme }) => theme === chosen); // sent a moment later
  await world.api("PATCH", "/api/preferences", { theme: "system" });
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor(); // before that nothing hears the keys
});

interaction("the palette fits a phone", async () => {
  const { page } = world;
  await page.setViewportSize({ width: 390, height: 844 });
  await page.keyboard.press("Control+k");
  await isCurrent(option("Home"));
  const size = await dialog().boundingBox();
  assert.ok(size.x >= 0 && size.x + size.width <= 390 && size.y + size.height <= 844, JSON.stringify(size));
  await world.accessible("the palette on a phone");
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 1440, height: 900 });
});
