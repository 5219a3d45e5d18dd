// Many items in one request, what a deletion means, folders by keyboard and by touch.
import assert from "node:assert/strict";
import { test } from "./fixtures.mjs";
import { accessibility, open } from "./harness.mjs";

/** The requests that change something, made while `doing`; without the positions of a film that plays in the corner. */
async function changes(app, doing) {
  const asked = [];
  const note = (request) => {
    const path = new URL(request.url()).pathname;
    if (request.method() === "GET" || !path.startsWith("/api/") || path.endsWith("/position")) return;
    asked.push(`${request.method()} ${path}`);
  };
  app.page.on("request", note);
  await doing();
  app.page.off("request", note);
  return asked;
}
const select = async (app, n) => {
  await app.page.locator("[data-index='0']").click({ modifiers: ["Control"] });
  await app.page.locator(`[data-index='${n - 1}']`).click({ modifiers: ["Shift"] });
  await app.page.getByRole("toolbar", { name: `${n} selected` }).waitFor();
};
const pick = async (app, verb, name) => {
  await app.page.getByRole("toolbar").getByRole("button", { name: verb }).click();
  const dialog = app.page.getByRole("dialog");
  await dialog.getByRole("button", { name, exact: true }).click();
};

/** A folder with three items, whose files other items in the library use too. */
async function shelf(app) {
  app.seed(3);
  const { items } = await app.api("GET", "/api/items?limit=200");
  await app.api("POST", "/api/items/copy", { items: items.map(({ id }) => id), folder: "Shelf" });
  await app.go("Library");
  await app.folder("Shelf").click();
  await app.title("Shelf").waitFor();
  await app.page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 3);
}

test("many items are moved in one request, and back in one for each folder", async ({ app }) => {
  app.seed(4);
  await app.go("Library");
  await app.api("POST", "/api/folders", { path: "Shelf/Deep" });
  await app.folder("Shelf").waitFor();
  assert.deepEqual(
    await changes(app, async () => {
      await select(app, 4);
      await pick(app, "Move to…", "Shelf");
      await app.toast("Moved 4 items to Shelf").waitFor();
    }),
    ["POST /api/items/move"],
  );
  const undone = await changes(app, async () => {
    await app.toast("Moved 4 items to Shelf").getByRole("button", { name: "Undo" }).click();
    await app.becomes("/api/items?folder=Shelf", ({ items }) => !items.length);
  });
  assert.ok(undone.length <= 2 && undone.every((each) => each === "POST /api/items/move"), String(undone));
});

test("many items are put in another folder too, in one request", async ({ app }) => {
  app.seed(3);
  await app.api("POST", "/api/folders", { path: "Shelf" });
  await app.go("Library");
  assert.deepEqual(
    await changes(app, async () => {
      await select(app, 3);
      await pick(app, "Add to another folder…", "Shelf");
      await app.toast("Added 3 items to Shelf").waitFor();
    }),
    ["POST /api/items/copy"],
  );
  await app.folder("Shelf").click();
  await app.page.getByRole("heading", { level: 1, name: "Shelf" }).waitFor();
  await app.page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 3);
  await select(app, 3);
  await pick(app, "Add to another folder…", "Shelf");
  await app.toast("Already in Shelf").waitFor(); // never a second entry of a file in the same folder
});

test("several items are saved, each as a file of its own name", async ({ app, page }) => {
  await app.add("/media/ok.mp4", "/media/a.mp3", "/media/h264_baseline.mp4");
  await app.go("Library");
  await select(app, 3);
  const files = [];
  const note = (file) => files.push(file.suggestedFilename());
  page.on("download", note);
  await page.getByRole("toolbar").getByRole("button", { name: "Download file" }).click();
  for (const end = Date.now() + 30_000; files.length < 3 && Date.now() < end; ) await page.waitForTimeout(50);
  page.off("download", note);
  assert.equal(new Set(files).size, 3, String(files));
  assert.ok(
    files.every((name) => /\.(mp4|m4a|mp3)$/.test(name)),
    String(files),
  );
  await page.keyboard.press("Escape");
});

test("many items go to the trash in one request, and come back in one", async ({ app, page }) => {
  await shelf(app);
  assert.deepEqual(
    await changes(app, async () => {
      await select(app, 3);
      await page.keyboard.press("Delete");
      await page.getByText("This folder is empty").waitFor();
      const undo = app.toast("Moved 3 items to trash");
      await undo.getByText("Another item still uses the file").waitFor();
      await undo.getByRole("button", { name: "Undo" }).click();
      await page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 3);
    }),
    ["POST /api/items/trash", "POST /api/items/restore"],
  );
});

test("before a deletion it is said who else keeps the file, and what it frees", async ({ app, page }) => {
  await shelf(app);
  await page.locator("[data-index='0']").focus();
  await page.keyboard.press("Delete");
  await app.go("Trash");
  await page.getByRole("button", { name: /^Delete permanently/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("The file stays because 1 other item uses it. No space is freed.").waitFor();
  await app.accessible("the question");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Empty trash" }).click();
  const emptying = page.getByRole("dialog", { name: "Empty trash" });
  await emptying.getByText("The file stays because 1 other item uses it. No space is freed.").waitFor();
  await emptying.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Restore/ }).click();
  await page.getByText("The trash is empty").waitFor();
});

test("a server without a trash asks before anything goes for good", async ({ app, page }) => {
  await shelf(app);
  await app.api("PATCH", "/api/settings", { trash_days: 0 });
  try {
    await select(app, 2);
    await page.keyboard.press("Delete");
    const dialog = page.getByRole("dialog");
    await dialog
      .getByText("Deletes 2 items permanently and frees 0 bytes. Files that 2 other items still use are kept.")
      .waitFor();
    await dialog.getByRole("button", { name: "Delete permanently" }).click();
    await app.toast("2 items deleted permanently").waitFor();
    await page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 1);
  } finally {
    await app.api("PATCH", "/api/settings", { trash_days: null });
  }
});

test("the focus stays where the user moves it while a page is loading", async ({ app, page }) => {
  await app.api("POST", "/api/folders", { path: "Shelf" });
  await app.folder("Shelf").waitFor();
  let load = () => {};
  const asked = new Promise((done) => (load = done));
  await page.route(/\/assets\/.*\.js$/, async (route) => {
    await asked;
    await route.continue();
  });
  await app.go("Library");
  await app.folder("Shelf").focus();
  load();
  await app.title("All media").waitFor({ state: "attached" });
  await page.keyboard.press("m");
  await page.getByRole("dialog", { name: "Move to…" }).waitFor();
});

test("a folder is moved by keyboard", async ({ app, page }) => {
  await app.api("POST", "/api/folders", { path: "Shelf/Deep" });
  await app.go("Library");
  await app.folder("Deep").focus();
  await page.keyboard.press("m");
  const dialog = page.getByRole("dialog", { name: "Move to…" });
  await dialog.getByRole("button", { name: "Library root" }).focus();
  await page.keyboard.press("Enter");
  await app.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Deep"));
  await dialog.waitFor({ state: "detached" });
});

test("by touch: the drawer, a folder's menu, an item's menu", async ({ app, browser, page, server }) => {
  await app.add("/media/ok.mp4");
  await app.api("POST", "/api/folders", { path: "Shelf" });
  await app.api("POST", "/api/folders", { path: "Deep" });
  const state = await page.context().storageState();
  const touch = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, storageState: state };
  const phone = await open(browser, `${server.url}/library`, touch);
  await phone.getByRole("button", { name: "Folders", exact: true }).tap();
  const drawer = phone.getByRole("dialog", { name: "Library" });
  await drawer.getByRole("treeitem", { name: "Deep" }).locator("svg.lucide-ellipsis-vertical").tap();
  await phone.getByRole("menuitem", { name: /^Move to…/ }).tap();
  await phone.getByRole("dialog", { name: "Move to…" }).getByRole("button", { name: "Shelf" }).tap();
  await app.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Shelf/Deep"));
  assert.deepEqual(await accessibility(phone), [], "the drawer");
  await drawer.getByRole("button", { name: "Close" }).tap();
  await phone.getByRole("gridcell", { name: "ok" }).locator("[data-more]").tap();
  await phone.getByRole("menuitem", { name: /^Move to…/ }).tap();
  await phone.getByRole("dialog", { name: "Move to…" }).getByRole("button", { name: "Deep" }).tap();
  await phone.locator("[data-slot=toast]", { hasText: "Moved 1 item to Shelf/Deep" }).waitFor();
  assert.deepEqual(phone.wrong, []);
  await phone.context().close();
});
