// The palette: search over items, folders, pages and actions from any page.
import assert from "node:assert/strict";
import { test } from "./fixtures.mjs";

const WINDOW = { width: 1440, height: 900 };

const dialog = (app) => app.page.getByRole("dialog", { name: "Search everything" });
const box = (app) => dialog(app).getByRole("combobox", { name: "Search everything" });
const group = (app, name) => dialog(app).getByRole("group", { name });
const option = (app, name) => dialog(app).getByRole("option", { name });
const isCurrent = async (app, wanted) => {
  await wanted.waitFor();
  await app.page.waitForFunction(
    ([input, entry]) => input.getAttribute("aria-activedescendant") === entry.id,
    [await box(app).elementHandle(), await wanted.elementHandle()],
  );
};

test("Ctrl+K finds an item, a folder and a page from any page, by keyboard alone", async ({ app, page, server }) => {
  app.seed(1);
  const [item] = (await app.api("GET", "/api/items?q=seeded&limit=1")).items;
  await app.api("PATCH", `/api/items/${item.id}`, { title: "Élan of the palette", folder: "Palette/Inner place" });
  for (const path of ["/", "/library", "/downloads", "/settings/account"]) {
    await page.goto(server.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Control+k");
    assert.ok(await box(app).evaluate((input) => input === document.activeElement));
    await page.keyboard.press("Escape");
    await dialog(app).waitFor({ state: "detached" });
  }
  await page.getByLabel("Current password").focus();
  await page.keyboard.press("Control+k"); // also while something is typed
  await box(app).pressSequentially("palette ela");
  await isCurrent(app, group(app, "Videos and audio").getByRole("option", { name: "Élan of the palette" }));
  assert.equal(await option(app, "Élan of the palette").locator("mark").allInnerTexts().then(String), "Éla,palette");
  await app.accessible("the palette");
  const opened = page.context().waitForEvent("page");
  await page.keyboard.press("Control+Enter");
  const other = await opened;
  await other.waitForURL(`**/watch/${item.id}`);
  await other.close();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/watch/${item.id}`);
  await page.keyboard.press("Control+k");
  await box(app).fill("inner");
  await isCurrent(app, group(app, "Places").getByRole("option", { name: "Palette / Inner place" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Inner place" }).waitFor();
  await page.keyboard.press("Control+k");
  await box(app).fill("limits");
  await isCurrent(app, group(app, "Pages").getByRole("option", { name: "Limits" }));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/settings/limits");
});

test("the arrows go through all groups of the palette, and nothing found is said", async ({ app, page }) => {
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await isCurrent(app, option(app, "Home"));
  await page.keyboard.press("ArrowUp");
  await isCurrent(app, option(app, "Switch theme"));
  await page.keyboard.press("ArrowDown");
  await isCurrent(app, option(app, "Home"));
  await box(app).fill("nothing like it");
  await dialog(app).getByText("No results for “nothing like it”").waitFor();
  await dialog(app).getByRole("status").getByText("0 results").waitFor();
  await app.accessible("the palette without a result");
  await page.keyboard.press("Escape");
});

test("a link typed into the palette opens Add with it, and an action is run", async ({ app, page, site }) => {
  const link = site.url("/media/ok.mp4");
  await page.keyboard.press("Control+k");
  await box(app).fill(link);
  await isCurrent(app, group(app, "Actions").getByRole("option", { name: `Add ${link}` }));
  await page.keyboard.press("Enter");
  const add = page.getByRole("dialog", { name: "Add", exact: true });
  assert.equal(await add.getByRole("textbox", { name: "Paste a link" }).inputValue(), link);
  await add.getByRole("button", { name: "Clear", exact: true }).click();
  await page.keyboard.press("Escape");
  await add.waitFor({ state: "detached" });
  const dark = () => page.evaluate(() => document.documentElement.classList.contains("dark"));
  const before = await dark();
  await page.keyboard.press("Control+k");
  await box(app).fill("theme");
  await isCurrent(app, option(app, "Switch theme"));
  await page.keyboard.press("Enter");
  await dialog(app).waitFor({ state: "detached" });
  assert.notEqual(await dark(), before);
  const chosen = before ? "light" : "dark";
  await app.becomes("/api/preferences", ({ theme }) => theme === chosen); // sent a moment later
});

test("the palette fits a phone", async ({ app, page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.keyboard.press("Control+k");
  await isCurrent(app, option(app, "Home"));
  const size = await dialog(app).boundingBox();
  assert.ok(size.x >= 0 && size.x + size.width <= 390 && size.y + size.height <= 844, JSON.stringify(size));
  await app.accessible("the palette on a phone");
  await page.keyboard.press("Escape");
  await page.setViewportSize(WINDOW);
});
