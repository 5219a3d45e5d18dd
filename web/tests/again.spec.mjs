// What may be done with a film that is there: fetched again, converted, never again.
import assert from "node:assert/strict";
import { test } from "./fixtures.mjs";

const verb = async (app, name) => {
  await app.page.getByRole("button", { name: "More actions", exact: true }).click();
  await app.page.getByRole("menuitem", { name, exact: true }).click();
};
const verbs = async (app) => {
  await app.page.getByRole("button", { name: "More actions", exact: true }).click();
  await app.page.waitForFunction(() => document.activeElement?.closest("[role=menu]")); // then it hears the keys
  const names = await app.page.getByRole("menuitem").allInnerTexts();
  await app.page.keyboard.press("Escape");
  await app.page.getByRole("menu").waitFor({ state: "detached" });
  return names;
};
const open = async (app, title) => {
  await app.go("Library");
  await app.cell(title).click();
  await app.page.getByRole("heading", { level: 1 }).filter({ hasText: title }).waitFor();
};

test("a file is kept as it comes, and converted for browsers afterwards", async ({ app, page }) => {
  await app.downloads();
  await app.box().fill(app.unused("/media/hevc_aac.mp4"));
  await page.getByText("More options").click();
  await page.getByRole("switch", { name: "Keep original file" }).click();
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await app.tab("History");
  await app.download("done", "hevc_aac").waitFor({ timeout: 60_000 });
  await open(app, "hevc_aac");
  const details = await app.details();
  await details.getByText("MP4 · hevc · aac").waitFor();
  await verb(app, "Convert for browsers");
  await app.toast("Added to the queue").waitFor();
  await details.getByText("MP4 · h264 · aac").waitFor({ timeout: 60_000 }); // by itself
  assert.ok(!(await verbs(app)).includes("Convert for browsers"), "once is enough");
});

test("a film is fetched again", async ({ app }) => {
  await app.add("/media/ok.mp4");
  await open(app, "ok");
  const before = (await app.api("GET", "/api/downloads?limit=200")).downloads.length;
  await verb(app, "Download again");
  await app.toast("Added to the queue").waitFor();
  await app.becomes(
    "/api/downloads?limit=200",
    ({ downloads }) => downloads.length === before + 1 && downloads[0].state === "done",
  );
});

test("never again: the link is refused in words, until it is allowed", async ({ app, page }) => {
  await app.add("/hls/master.m3u8");
  await open(app, "master");
  await verb(app, "Never download again");
  await app.toast("This link will not be downloaded again").waitFor();
  await verb(app, "Move to trash");
  await app.toast("Moved 1 item to trash").waitFor();
  app.expected.push(/status of 409/);
  await app.downloads();
  await app.box().fill(app.site.url("/hls/master.m3u8"));
  await app.box().press("Enter");
  await page.getByRole("alert").filter({ hasText: "You blocked this link from being downloaded" }).waitFor();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await app.go("Trash");
  await page.getByRole("button", { name: /^Restore: master/ }).click();
  await page.getByText("The trash is empty").waitFor();
  await open(app, "master");
  await verb(app, "Allow downloading again");
  await app.toast("This link can be downloaded again").waitFor();
  await app.becomes(`/api/items/${page.url().split("/").at(-1)}`, (item) => item.never === false);
});
