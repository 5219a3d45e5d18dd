// The library: items and folders by mouse, by keyboard, by dragging.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const { cell, go, folder, toast, choose } = world;
const titles = () =>
  world.page
    .getByRole("gridcell")
    .evaluateAll((cells) => cells.map((each) => each.querySelector("a[dir]").textContent));
const count = (n) =>
  world.page.waitForFunction((wanted) => document.querySelectorAll("[role=gridcell]").length === wanted, n);
const gone = (title) => world.page.getByRole("gridcell", { name: title }).waitFor({ state: "detached" });
const name = async (label, words) => {
  await world.page.getByRole("textbox", { name: label }).fill(words);
  await world.page.keyboard.press("Enter");
};

interaction("to the trash, and undo", async () => {
  await go("Library");
  await choose(cell(/\bvp9_opus/), /Move to trash/);
  await gone(/\bvp9_opus/);
  await toast("Moved 1 item to trash").getByRole("button", { name: "Undo" }).click();
  await cell(/\bvp9_opus/).waitFor();
});

interaction("restore from the trash", async () => {
  const { page } = world;
  await choose(cell(/\bvp9_opus/), /Move to trash/);
  await go("Trash");
  await page.getByRole("button", { name: /^Restore: vp9_opus/ }).click();
  await page.getByText("The trash is empty").waitFor();
});

interaction("delete for good, with words of what that does", async () => {
  const { page } = world;
  await go("Library");
  await choose(cell(/\bvp9_opus/), /Move to trash/);
  await gone(/\bvp9_opus/);
  await go("Trash");
  await page.getByRole("button", { name: /^Delete permanently/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .getByText(/No other item uses the file. It is deleted too, which frees .* This cannot be undone/)
    .waitFor();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await page.getByText("The trash is empty").waitFor();
});

interaction("a folder is made and renamed by keyboard", async () => {
  const { page } = world;
  await go("Library");
  await page.getByRole("button", { name: "New folder" }).click();
  await name("New folder", "Later");
  await folder("Later").focus();
  await page.keyboard.press("F2");
  await name("Rename", "Sooner");
  await folder("Sooner").waitFor();
});

interaction("a folder inside a folder", async () => {
  await choose(folder("Sooner"), "New folder");
  await name("Sooner /", "Inner");
  await folder("Inner").waitFor();
  assert.equal(await folder("Inner").getAttribute("aria-level"), "2");
});

interaction("an item is moved by its menu", async () => {
  const { page } = world;
  await choose(cell(/\bok/), /Move to…/);
  await page.getByRole("dialog").getByRole("button", { name: "Sooner" }).click();
  await toast("Moved 1 item to Sooner").waitFor();
  await folder("Sooner").click();
  await cell(/\bok/).waitFor();
  await page.getByRole("heading", { level: 1, name: "Sooner" }).waitFor();
});

interaction("items are moved by drag and drop", async () => {
  await world.drag(cell(/\bok/), folder("Inner"));
  await toast("Moved 1 item to Sooner/Inner").waitFor();
  await folder("Inner").click();
  await cell(/\bok/).waitFor();
});

interaction("a folder is moved by drag and drop", async () => {
  world.page.expected.push(/status of 404 .*items\?folder=/); // the list under its old name, a moment before the new one
  await world.drag(folder("Inner"), folder("Trips"));
  await world.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Trips/Inner"));
  await world.page.getByRole("heading", { level: 1, name: "Inner" }).waitFor();
  await world.drag(folder("Inner"), world.page.locator('[data-folder="top"]'));
  await world.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Inner"));
});

interaction("a folder is deleted", async () => {
  const { page } = world;
  await choose(folder("Sooner"), /Delete folder/);
  await folder("Sooner").waitFor({ state: "detached" });
  await choose(folder("Inner"), /Delete folder/);
  await page.getByText("The folder is deleted permanently. Its 1 item moves to the trash.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Delete folder" }).click();
  await folder("Inner").waitFor({ state: "detached" });
  await go("Trash");
  await page.getByRole("button", { name: /^Restore: ok/ }).click();
  await page.getByText("The trash is empty").waitFor();
});

interaction("rename an item", async () => {
  await go("Library");
  await choose(cell(/\bok/), /Rename/);
  await name("Title", "Harbour before dawn");
  await cell("Harbour before dawn").waitFor();
});

interaction("one more entry of the same file in another folder", async () => {
  const { page } = world;
  await choose(cell("Harbour"), "Add to another folder…");
  await page.getByRole("dialog").getByRole("button", { name: "Trips" }).click();
  await toast("Added 1 item to Trips").waitFor();
  const { items } = await world.api("GET", "/api/items?q=harbour");
  assert.deepEqual(
    items.map(({ media }) => media.ref_count),
    [2, 2],
  );
});

interaction("search, and the way out of it", async () => {
  const { page } = world;
  await page.keyboard.press("/");
  await page.keyboard.type("harbour");
  await count(2);
  await page.getByRole("searchbox").fill("nothing like it");
  await page.getByText("No results for “nothing like it”").waitFor();
  await page.waitForURL(/q=nothing/);
  await go("Library");
  await cell("Harbour").waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
});

interaction("who types into the search and goes elsewhere gets there", async () => {
  const { page } = world;
  await page.route("**/assets/settings-*.js", async (route) => {
    await new Promise((done) => setTimeout(done, 1000)); // longer than it takes until the address says the words
    await route.continue();
  });
  await page.reload();
  await page.getByRole("searchbox").fill("harbour");
  await go("Settings");
  await page.getByRole("heading", { level: 1, name: "General" }).waitFor();
  await page.unroute("**/assets/settings-*.js");
  await go("Library");
  await cell("Harbour").waitFor();
});

interaction("filter by kind, by what was not watched, and by site", async () => {
  const { page } = world;
  const kind = page.getByRole("group", { name: "Type" });
  const all = (await titles()).length;
  await kind.getByRole("button", { name: "Audio" }).click();
  await page.waitForURL(/kind=audio/);
  await page.waitForFunction((n) => document.querySelectorAll("[role=gridcell]").length < n, all);
  assert.ok(
    (await titles()).every((title) => /^(a|OG title)$/.test(title)),
    String(await titles()),
  );
  await kind.getByRole("button", { name: "All" }).click();
  await count(all);
  const { items } = await world.api("GET", "/api/items?q=harbour");
  await world.api("PUT", `/api/items/${items[0].id}/position`, { position: items[0].duration });
  await page.getByRole("button", { name: "Unwatched" }).click();
  await count(all - 2); // both entries of that file
  await page.getByRole("button", { name: "Unwatched" }).click();
  await count(all);
  await page.goto(`${world.server.url}/library?site=elsewhere.example`);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await count(all);
});

interaction("sort", async () => {
  const { page } = world;
  await page.getByRole("combobox", { name: "Sort" }).click();
  await page.getByRole("option", { name: "Title" }).click();
  await page.waitForURL(/sort=title/);
  await page.waitForFunction(() => document.querySelector("[role=gridcell] > a[dir]")?.textContent === "a");
  const found = await titles();
  assert.deepEqual(
    found,
    found.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  );
  await world.becomes("/api/preferences", ({ sort }) => sort === "title");
  await world.api("PATCH", "/api/preferences", { sort: null }); // the next page has its own order again
  await page.evaluate(() => localStorage.removeItem("mf.sort"));
  await page.reload();
});

interaction("grid and list", async () => {
  const { page } = world;
  await page.getByRole("button", { name: "List" }).click();
  await page.locator("[role=grid][aria-colcount='1']").waitFor();
  await page.getByRole("button", { name: "Grid" }).click();
  await page.locator("[role=grid]:not([aria-colcount='1'])").waitFor();
});

interaction("several items are selected with the mouse", async () => {
  const { page } = world;
  await page.locator("[data-index='0']").click({ modifiers: ["Control"] });
  await page.locator("[data-index='2']").click({ modifiers: ["Shift"] });
  await page.getByRole("toolbar", { name: "3 selected" }).waitFor();
  await page.locator("[data-index='1']").click();
  await page.getByRole("toolbar", { name: "2 selected" }).waitFor();
  await page.getByRole("button", { name: "Clear selection" }).click();
  await page.getByRole("toolbar").waitFor({ state: "detached" });
});

interaction("a file is saved", async () => {
  const saving = world.page.waitForEvent("download");
  await choose(cell("Harbour"), "Download file");
  const saved = await saving;
  assert.match(saved.suggestedFilename(), /Harbour before dawn\.mp4$/);
  await saved.cancel();
});

interaction("the library by keyboard only", async () => {
  const { page } = world;
  const press = (key) => page.keyboard.press(key);
  await page.goto(`${world.server.url}/library?sort=title`);
  await page.locator("[data-index='0']").waitFor();
  await press("/");
  await press("ArrowDown"); // from the search into the items
  await page.waitForFunction(() => document.activeElement.dataset.index === "0");
  await press("ArrowRight");
  await page.waitForFunction(() => document.activeElement.dataset.index === "1");
  await press("x");
  await page.getByRole("toolbar", { name: "1 selected" }).waitFor();
  await press("Escape");
  await page.getByRole("toolbar").waitFor({ state: "detached" });
  await press("ContextMenu");
  await page.getByRole("menu").waitFor();
  await press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await page.locator("[data-index='0']").focus();
  await press("Enter");
  await page.waitForURL(/\/watch\//);
});

interaction("everything is selected with the keyboard and moved to the trash", async () => {
  const { page } = world;
  await world.folder("Trips").click();
  await page.getByRole("heading", { level: 1, name: "Trips" }).waitFor();
  await page.locator("[data-index='0']").focus();
  const all = (await titles()).length;
  assert.ok(all > 1);
  await page.keyboard.press("Control+a");
  await page.getByRole("toolbar", { name: `${all} selected` }).waitFor();
  await page.keyboard.press("Delete");
  await page.getByText("This folder is empty").waitFor();
  await toast(`Moved ${all} items to trash`).getByRole("button", { name: "Undo" }).click();
  await count(all);
});

interaction("a hostile title is only a title", async () => {
  const { page } = world;
  await world.fetch("/page/script");
  await world.tab("History");
  await world.row("<script>alert(1)</script>").waitFor({ timeout: 60_000 });
  await go("Library");
  await choose(cell("Harbour"), /Rename/);
  await name("Title", '<img src=x onerror="document.title=1">\u202e ../../etc');
  await cell("<img src=x").waitFor();
  await cell("<img src=x").click();
  const heading = page.getByRole("heading", { level: 1, name: "<img src=x" });
  await heading.waitFor();
  const shown = await heading.textContent();
  await page.waitForFunction((title) => document.title === `${title} · MediaFetcher`, shown);
  assert.equal(await heading.locator("img").count(), 0);
});
