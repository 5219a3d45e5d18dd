// The library: items and folders by mouse, by keyboard, by dragging.
import assert from "node:assert/strict";
import { expect, PASSWORD, test } from "./fixtures.mjs";

const titles = (app) =>
  app.page.getByRole("gridcell").evaluateAll((cells) => cells.map((each) => each.querySelector("a[dir]").textContent));
const count = (app, n) =>
  app.page.waitForFunction((wanted) => document.querySelectorAll("[role=gridcell]").length === wanted, n);
const gone = (app, title) => app.page.getByRole("gridcell", { name: title }).waitFor({ state: "detached" });
const name = async (app, label, words) => {
  await app.page.getByRole("textbox", { name: label }).fill(words);
  await app.page.keyboard.press("Enter");
};

/** Four items, two of which are entries of the same file in different folders. */
async function harbour(app) {
  const [ok] = await app.add(
    { path: "/media/ok.mp4", folder: "Trips" },
    { path: "/media/h264_baseline.mp4", folder: "Trips" },
    "/media/a.mp3",
  );
  await app.api("PATCH", `/api/items/${ok.id}`, { title: "Harbour before dawn" });
  await app.api("POST", "/api/items/copy", { items: [ok.id], folder: "Sea" });
  await app.go("Library");
  await app.cell("Harbour").waitFor();
  await count(app, 4);
}

test("the number of all media is that of the user, not that of the server", async ({ app, page, server }) => {
  const name = "Somebody else";
  const { id } = await server.administrator("POST", "/api/users", { name, password: PASSWORD });
  try {
    server.seed(name, 30);
    app.seed(210); // more than one page
    await page.goto(`${server.url}/library`);
    await page.getByRole("main").getByText("210 items", { exact: true }).waitFor();
  } finally {
    await server.administrator("DELETE", `/api/users/${id}`);
  }
});

test("to the trash, and undo", async ({ app }) => {
  await app.add("/media/vp9_opus.webm");
  await app.go("Library");
  await app.choose(app.cell(/\bvp9_opus/), /Move to trash/);
  await gone(app, /\bvp9_opus/);
  await app.toast("Moved 1 item to trash").getByRole("button", { name: "Undo" }).click();
  await app.cell(/\bvp9_opus/).waitFor();
});

test("restore from the trash", async ({ app, page }) => {
  await app.add("/media/vp9_opus.webm");
  await app.go("Library");
  await app.choose(app.cell(/\bvp9_opus/), /Move to trash/);
  await app.go("Trash");
  await page.getByRole("button", { name: /^Restore: vp9_opus/ }).click();
  await page.getByText("The trash is empty").waitFor();
});

test("delete for good, with words of what that does", async ({ app, page }) => {
  await app.add(app.unused("/media/vp9_opus.webm"));
  await app.go("Library");
  await app.choose(app.cell(/\bvp9_opus/), /Move to trash/);
  await gone(app, /\bvp9_opus/);
  await app.go("Trash");
  await page.getByRole("button", { name: /^Delete permanently/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .getByText(/No other item uses the file. It is deleted too, which frees .* This cannot be undone/)
    .waitFor();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await page.getByText("The trash is empty").waitFor();
});

test("a folder is made and renamed by keyboard", async ({ app, page }) => {
  await app.go("Library");
  await page.getByRole("button", { name: "New folder" }).click();
  await name(app, "New folder", "Later");
  await app.folder("Later").focus();
  await page.keyboard.press("F2");
  await name(app, "Rename", "Sooner");
  await app.folder("Sooner").waitFor();
});

test("a folder inside a folder", async ({ app }) => {
  await app.api("POST", "/api/folders", { path: "Sooner" });
  await app.go("Library");
  await app.choose(app.folder("Sooner"), "New folder");
  await name(app, "Sooner /", "Inner");
  await app.folder("Inner").waitFor();
  assert.equal(await app.folder("Inner").getAttribute("aria-level"), "2");
});

test("an item is moved by its menu", async ({ app, page }) => {
  await app.api("POST", "/api/folders", { path: "Sooner" });
  await app.add("/media/ok.mp4");
  await app.go("Library");
  await app.choose(app.cell(/\bok/), /Move to…/);
  await page.getByRole("dialog").getByRole("button", { name: "Sooner" }).click();
  await app.toast("Moved 1 item to Sooner").waitFor();
  await app.folder("Sooner").click();
  await app.cell(/\bok/).waitFor();
  await page.getByRole("heading", { level: 1, name: "Sooner" }).waitFor();
});

test("items are moved by drag and drop", async ({ app }) => {
  await app.api("POST", "/api/folders", { path: "Sooner/Inner" });
  await app.add("/media/ok.mp4");
  await app.go("Library");
  await app.drag(app.cell(/\bok/), app.folder("Inner"));
  await app.toast("Moved 1 item to Sooner/Inner").waitFor();
  await app.folder("Inner").click();
  await app.cell(/\bok/).waitFor();
});

test("a folder is moved by drag and drop", async ({ app }) => {
  await app.add({ path: "/media/ok.mp4", folder: "Sooner/Inner" }, { path: "/media/a.mp3", folder: "Trips" });
  await app.go("Library");
  await app.folder("Inner").click();
  await app.title("Inner").waitFor();
  app.expected.push(/status of 404 .*items\?folder=/); // the list under its old name, a moment before the new one
  await app.drag(app.folder("Inner"), app.folder("Trips"));
  await app.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Trips/Inner"));
  await app.page.getByRole("heading", { level: 1, name: "Inner" }).waitFor();
  await app.drag(app.folder("Inner"), app.page.locator('[data-folder="top"]'));
  await app.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Inner"));
});

test("a folder is deleted", async ({ app, page }) => {
  await app.add({ path: "/media/ok.mp4", folder: "Inner" });
  await app.api("POST", "/api/folders", { path: "Sooner" });
  await app.go("Library");
  await app.choose(app.folder("Sooner"), /Delete folder/);
  await app.folder("Sooner").waitFor({ state: "detached" });
  await app.choose(app.folder("Inner"), /Delete folder/);
  await page.getByText("The folder is deleted permanently. Its 1 item moves to the trash.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Delete folder" }).click();
  await app.folder("Inner").waitFor({ state: "detached" });
  await app.go("Trash");
  await page.getByRole("button", { name: /^Restore: ok/ }).click();
  await page.getByText("The trash is empty").waitFor();
});

test("rename an item", async ({ app }) => {
  await app.add("/media/ok.mp4");
  await app.go("Library");
  await app.choose(app.cell(/\bok/), /Rename/);
  await name(app, "Title", "Harbour before dawn");
  await app.cell("Harbour before dawn").waitFor();
});

test("one more entry of the same file in another folder", async ({ app, page }) => {
  const [ok] = await app.add("/media/ok.mp4");
  await app.api("PATCH", `/api/items/${ok.id}`, { title: "Harbour before dawn" });
  await app.api("POST", "/api/folders", { path: "Trips" });
  await app.go("Library");
  await app.choose(app.cell("Harbour"), "Add to another folder…");
  await page.getByRole("dialog").getByRole("button", { name: "Trips" }).click();
  await app.toast("Added 1 item to Trips").waitFor();
  const { items } = await app.api("GET", "/api/items?q=harbour");
  assert.deepEqual(
    items.map(({ media }) => media.ref_count),
    [2, 2],
  );
});

test("search, and the way out of it", async ({ app, page }) => {
  await harbour(app);
  await page.keyboard.press("/");
  await page.keyboard.type("harbour");
  await count(app, 2);
  await page.getByRole("searchbox").fill("nothing like it");
  await page.getByText("No results for “nothing like it”").waitFor();
  await page.waitForURL(/q=nothing/);
  await app.go("Library");
  await app.cell("Harbour").waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
});

test("who types into the search and goes elsewhere gets there", async ({ app, page }) => {
  await harbour(app);
  await page.route("**/assets/settings-*.js", async (route) => {
    await new Promise((done) => setTimeout(done, 1000)); // longer than it takes until the address says the words
    await route.continue();
  });
  await page.reload();
  await page.getByRole("searchbox").fill("harbour");
  await app.go("Settings");
  await page.getByRole("heading", { level: 1, name: "General" }).waitFor();
  await page.unroute("**/assets/settings-*.js");
  await app.go("Library");
  await app.cell("Harbour").waitFor();
});

test("filter by kind, by what was not watched, and by site", async ({ app, page }) => {
  await harbour(app);
  const kind = page.getByRole("group", { name: "Type" });
  const all = (await titles(app)).length;
  await kind.getByRole("button", { name: "Audio" }).click();
  await page.waitForURL(/kind=audio/);
  await page.waitForFunction((n) => document.querySelectorAll("[role=gridcell]").length < n, all);
  assert.ok(
    (await titles(app)).every((title) => /^(a|OG title)$/.test(title)),
    String(await titles(app)),
  );
  await kind.getByRole("button", { name: "All" }).click();
  await count(app, all);
  const { items } = await app.api("GET", "/api/items?q=harbour");
  await app.api("PUT", `/api/items/${items[0].id}/position`, { position: items[0].duration });
  await page.getByRole("button", { name: "Unwatched" }).click();
  await count(app, all - 2); // both entries of that file
  await page.getByRole("button", { name: "Unwatched" }).click();
  await count(app, all);
  await page.goto(`${app.server.url}/library?site=elsewhere.example`);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await count(app, all);
});

test("an item is requested while the pointer is on its card", async ({ app, page }) => {
  app.seed(1);
  await app.open();
  const asked = page.waitForRequest(/\/api\/items\/\d+$/);
  await page.locator("main a[href^='/watch/']").first().hover();
  await asked;
});

test("sort", async ({ app, page }) => {
  await harbour(app);
  await page.getByRole("combobox", { name: "Sort" }).click();
  await page.getByRole("option", { name: "Title", exact: true }).click();
  await page.waitForURL(/sort=title/);
  await page.waitForFunction(() => document.querySelector("[role=gridcell] > a[dir]")?.textContent === "a");
  const found = await titles(app);
  assert.deepEqual(
    found,
    found.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  );
  await app.becomes("/api/preferences", ({ sort }) => sort === "title");
});

for (const [place, path] of [
  ["the library", "/library"],
  ["a channel", "/channel/Rivers"],
])
  test(`every order of ${place} goes both ways`, async ({ app, page }) => {
    app.seed(3, "Rivers");
    await app.open(path);
    const order = () =>
      page
        .locator("main a[href^='/watch/'][dir], main li a[href^='/watch/']")
        .evaluateAll((links) => links.map((each) => /film (\d)/.exec(each.textContent)[1]).join(""));
    const sort = async (name, wanted) => {
      await page.getByRole("combobox", { name: "Sort" }).click();
      await page.getByRole("option", { name, exact: true }).click();
      await expect.poll(order, name).toBe(wanted);
    };
    for (const [name, wanted] of [
      ["Newest", "123"],
      ["Oldest", "321"],
      ["Title", "123"],
      ["Title, Z–A", "321"],
      ["Longest", "321"],
      ["Shortest", "123"],
      ["Largest", "321"],
      ["Smallest", "123"],
    ])
      await sort(name, wanted);
    await page.getByRole("combobox", { name: "Sort" }).click();
    for (const name of ["Upload date", "Upload date, oldest first"])
      await page.getByRole("option", { name, exact: true }).waitFor();
  });

test("grid and list", async ({ app, page }) => {
  await harbour(app);
  await page.getByRole("button", { name: "List" }).click();
  await page.locator("[role=grid][aria-colcount='1']").waitFor();
  await page.getByRole("button", { name: "Grid" }).click();
  await page.locator("[role=grid]:not([aria-colcount='1'])").waitFor();
});

test("several items are selected with the mouse", async ({ app, page }) => {
  await harbour(app);
  await page.locator("[data-index='0']").click({ modifiers: ["Control"] });
  await page.locator("[data-index='2']").click({ modifiers: ["Shift"] });
  await page.getByRole("toolbar", { name: "3 selected" }).waitFor();
  await page.locator("[data-index='1']").click();
  await page.getByRole("toolbar", { name: "2 selected" }).waitFor();
  await page.getByRole("button", { name: "Clear selection" }).click();
  await page.getByRole("toolbar").waitFor({ state: "detached" });
});

test("a file is saved", async ({ app }) => {
  await harbour(app);
  const saving = app.page.waitForEvent("download");
  await app.choose(app.cell("Harbour"), "Download file");
  const saved = await saving;
  assert.match(saved.suggestedFilename(), /Harbour before dawn\.mp4$/);
  await saved.cancel();
});

test("the library by keyboard only", async ({ app, page }) => {
  await harbour(app);
  const press = (key) => page.keyboard.press(key);
  await page.goto(`${app.server.url}/library?sort=title`);
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

test("everything is selected with the keyboard and moved to the trash", async ({ app, page }) => {
  await harbour(app);
  await app.folder("Trips").click();
  await page.getByRole("heading", { level: 1, name: "Trips" }).waitFor();
  await page.locator("[data-index='0']").focus();
  const all = (await titles(app)).length;
  assert.ok(all > 1);
  await page.keyboard.press("Control+a");
  await page.getByRole("toolbar", { name: `${all} selected` }).waitFor();
  await page.keyboard.press("Delete");
  await page.getByText("This folder is empty").waitFor();
  await app.toast(`Moved ${all} items to trash`).getByRole("button", { name: "Undo" }).click();
  await count(app, all);
});

test("a hostile title is only a title", async ({ app, page }) => {
  await harbour(app);
  await app.fetch("/page/script");
  await app.tab("History");
  await app.row("<script>alert(1)</script>").waitFor({ timeout: 60_000 });
  await app.go("Library");
  await app.choose(app.cell("Harbour"), /Rename/);
  await name(app, "Title", '<img src=x onerror="document.title=1">\u202e ../../etc');
  await app.cell("<img src=x").waitFor();
  await app.cell("<img src=x").click();
  const heading = page.getByRole("heading", { level: 1, name: "<img src=x" });
  await heading.waitFor();
  const shown = await heading.textContent();
  await page.waitForFunction((title) => document.title === `${title} · MediaFetcher`, shown);
  assert.equal(await heading.locator("img").count(), 0);
});

test("who types a word asks the server once, not for each letter", async ({ app, page }) => {
  app.seed(3);
  await app.open("/library");
  await page.getByRole("gridcell").first().waitFor();
  const asked = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname === "/api/items" && url.searchParams.get("q")) asked.push(url.searchParams.get("q"));
  });
  await page.getByRole("searchbox").pressSequentially("seeded film summer", { delay: 20 });
  await page.waitForURL(/q=seeded/);
  assert.ok(asked.length <= 3, String(asked));
  assert.equal(asked.at(-1), "seeded film summer");
});
