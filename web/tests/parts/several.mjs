// Many items in one request, what a deletion means, folders by keyboard and by touch.
import assert from "node:assert/strict";
import { accessibility, open } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

const { go, folder, toast } = world;

/** The requests that change something, made while `doing`; without the positions of a film that plays in the corner. */
async function changes(doing) {
  const asked = [];
  const note = (request) => {
    const path = new URL(request.url()).pathname;
    if (request.method() === "GET" || !path.startsWith("/api/") || path.endsWith("/position")) return;
    asked.push(`${request.method()} ${path}`);
  };
  world.page.on("request", note);
  await doing();
  world.page.off("request", note);
  return asked;
}
const select = async (n) => {
  await world.page.locator("[data-index='0']").click({ modifiers: ["Control"] });
  await world.page.locator(`[data-index='${n - 1}']`).click({ modifiers: ["Shift"] });
  await world.page.getByRole("toolbar", { name: `${n} selected` }).waitFor();
};
const pick = async (verb, name) => {
  await world.page.getByRole("toolbar").getByRole("button", { name: verb }).click();
  const dialog = world.page.getByRole("dialog");
  await dialog.getByRole("button", { name, exact: true }).click();
};

interaction("many items are moved in one request, and back in one for each folder", async () => {
  await go("Library");
  await world.api("POST", "/api/folders", { path: "Shelf/Deep" });
  await folder("Shelf").waitFor();
  assert.deepEqual(
    await changes(async () => {
      await select(4);
      await pick("Move to…", "Shelf");
      await toast("Moved 4 items to Shelf").waitFor();
    }),
    ["POST /api/items/move"],
  );
  const undone = await changes(async () => {
    await toast("Moved 4 items to Shelf").getByRole("button", { name: "Undo" }).click();
    await world.becomes("/api/items?folder=Shelf", ({ items }) => !items.length);
  });
  assert.ok(undone.length <= 2 && undone.every((each) => each === "POST /api/items/move"), String(undone));
});

interaction("many items are put in another folder too, in one request", async () => {
  assert.deepEqual(
    await changes(async () => {
      await select(3);
      await pick("Add to another folder…", "Shelf");
      await toast("Added 3 items to Shelf").waitFor();
    }),
    ["POST /api/items/copy"],
  );
  await folder("Shelf").click();
  await world.page.getByRole("heading", { level: 1, name: "Shelf" }).waitFor();
  await world.page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 3);
  await select(3);
  await pick("Add to another folder…", "Shelf");
  await toast("Already in Shelf").waitFor(); // never a second entry of a file in the same folder
});

interaction("several items are saved, each as a file of its own name", async () => {
  const { page } = world;
  await select(3);
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

interaction("many items go to the trash in one request, and come back in one", async () => {
  const { page } = world;
  assert.deepEqual(
    await changes(async () => {
      await select(3);
      await page.keyboard.press("Delete");
      await page.getByText("This folder is empty").waitFor();
      const undo = toast("Moved 3 items to trash");
      await undo.getByText("Another item still uses the file").waitFor();
      await undo.getByRole("button", { name: "Undo" }).click();
      await page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 3);
    }),
    ["POST /api/items/trash", "POST /api/items/restore"],
  );
});

interaction("before a deletion it is said who else keeps the file, and what it frees", async () => {
  const { page } = world;
  await page.locator("[data-index='0']").focus();
  await page.keyboard.press("Delete");
  await go("Trash");
  await page.getByRole("button", { name: /^Delete permanently/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("The file stays because 1 other item uses it. No space is freed.").waitFor();
  await world.accessible("the question");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Empty trash" }).click();
  const emptying = page.getByRole("dialog", { name: "Empty trash" });
  await emptying.getByText("The file stays because 1 other item uses it. No space is freed.").waitFor();
  await emptying.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Restore/ }).click();
  await page.getByText("The trash is empty").waitFor();
});

interaction("a server without a trash asks before anything goes for good", async () => {
  const { page } = world;
  await world.api("PATCH", "/api/settings", { trash_days: 0 });
  await go("Library");
  await folder("Shelf").click();
  await page.getByRole("heading", { level: 1, name: "Shelf" }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 3);
  await select(2);
  await page.keyboard.press("Delete");
  const dialog = page.getByRole("dialog");
  await dialog
    .getByText("Deletes 2 items permanently and frees 0 bytes. Files that 2 other items still use are kept.")
    .waitFor();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await toast("2 items deleted permanently").waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 1);
  await world.api("PATCH", "/api/settings", { trash_days: null });
});

interaction("a folder is moved by keyboard", async () => {
  const { page } = world;
  await folder("Deep").focus();
  await page.keyboard.press("m");
  const dialog = page.getByRole("dialog", { name: "Move to…" });
  await dialog.getByRole("button", { name: "Library root" }).focus();
  await page.keyboard.press("Enter");
  await world.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Deep"));
  await dialog.waitFor({ state: "detached" });
});

interaction("by touch: the drawer, a folder's menu, an item's menu", async () => {
  const state = await world.page.context().storageState();
  const touch = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, storageState: state };
  const phone = await open(world.browser, `${world.server.url}/library`, touch);
  await phone.getByRole("button", { name: "Folders", exact: true }).tap();
  const drawer = phone.getByRole("dialog", { name: "Library" });
  await drawer.getByRole("treeitem", { name: "Deep" }).locator("svg.lucide-ellipsis-vertical").tap();
  await phone.getByRole("menuitem", { name: /^Move to…/ }).tap();
  await phone.getByRole("dialog", { name: "Move to…" }).getByRole("button", { name: "Shelf" }).tap();
  await world.becomes("/api/folders", ({ folders }) => folders.some(({ path }) => path === "Shelf/Deep"));
  assert.deepEqual(await accessibility(phone), [], "the drawer");
  await drawer.getByRole("button", { name: "Close" }).tap();
  await phone.getByRole("gridcell", { name: "hevc_aac" }).locator("[data-more]").tap();
  await phone.getByRole("menuitem", { name: /^Move to…/ }).tap();
  await phone.getByRole("dialog", { name: "Move to…" }).getByRole("button", { name: "Deep" }).tap();
  await phone.locator("[data-slot=toast]", { hasText: "Moved 1 item to Shelf/Deep" }).waitFor();
  assert.deepEqual(phone.wrong, []);
  await phone.context().close();
});
