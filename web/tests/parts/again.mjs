// What may be done with a film that is there: fetched again, converted, never again.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const { box, download, cell, go, toast } = world;
const verb = async (name) => {
  await world.page.getByRole("button", { name: "More actions", exact: true }).click();
  await world.page.getByRole("menuitem", { name, exact: true }).click();
};
const verbs = async () => {
  await world.page.getByRole("button", { name: "More actions", exact: true }).click();
  await world.page.waitForFunction(() => document.activeElement?.closest("[role=menu]")); // then it hears the keys
  const names = await world.page.getByRole("menuitem").allInnerTexts();
  await world.page.keyboard.press("Escape");
  await world.page.getByRole("menu").waitFor({ state: "detached" });
  return names;
};
const open = async (title) => {
  await go("Library");
  await cell(title).click();
  await world.page.getByRole("heading", { level: 1 }).filter({ hasText: title }).waitFor();
};

interaction("a file is kept as it comes, and converted for browsers afterwards", async () => {
  const { page, site } = world;
  await go("Downloads");
  await box().fill(site.url("/media/hevc_aac.mp4"));
  await page.getByText("More options").click();
  await page.getByRole("switch", { name: "Keep original file" }).click();
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await world.tab("History");
  await download("done", "hevc_aac").waitFor({ timeout: 60_000 });
  await open("hevc_aac");
  await page.getByLabel("Details").getByText("MP4 · hevc · aac").waitFor();
  await verb("Convert for browsers");
  await toast("Added to the queue").waitFor();
  await page.getByLabel("Details").getByText("MP4 · h264 · aac").waitFor({ timeout: 60_000 }); // by itself
  assert.ok(!(await verbs()).includes("Convert for browsers"), "once is enough");
});

interaction("a film is fetched again", async () => {
  await open("hevc_aac");
  const before = (await world.api("GET", "/api/downloads?limit=200")).downloads.length;
  await verb("Download again");
  await toast("Added to the queue").waitFor();
  await world.becomes(
    "/api/downloads?limit=200",
    ({ downloads }) => downloads.length === before + 1 && downloads[0].state === "done",
  );
});

interaction("never again: the link is refused in words, until it is allowed", async () => {
  const { page, site } = world;
  await open("master");
  await verb("Never download again");
  await toast("This link will not be downloaded again").waitFor();
  await verb("Move to trash");
  await toast("Moved 1 item to trash").waitFor();
  page.expected.push(/status of 409/);
  await go("Downloads");
  await box().fill(site.url("/hls/master.m3u8"));
  await box().press("Enter");
  await page.getByRole("alert").filter({ hasText: "You blocked this link from being downloaded" }).waitFor();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await go("Trash");
  await page.getByRole("button", { name: /^Restore: master/ }).click();
  await page.getByText("The trash is empty").waitFor();
  await open("master");
  await verb("Allow downloading again");
  await toast("This link can be downloaded again").waitFor();
  await world.becomes(`/api/items/${page.url().split("/").at(-1)}`, (item) => item.never === false);
});
