// What waits, in which order, and all of it at once.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

const FILES = ["av1_aac.mp4", "av1_opus.webm", "hevc_aac.mp4", "vp9_aac.mp4", "vp8_vorbis.webm"];

/** Waits until "Up next" names these, from the top. */
const waits = (app, ...names) =>
  expect
    .poll(() =>
      app.page
        .getByRole("region", { name: "Up next" })
        .locator("[data-download]")
        .evaluateAll((rows) =>
          rows.map((each) => /(av1_aac|av1_opus|hevc_aac|vp9_aac|vp8_vorbis)/.exec(each.textContent)?.[0]),
        ),
    )
    .toEqual(names);

/** Five slow downloads: two of a site run at once, so three wait. */
async function queue(app) {
  await app.downloads();
  await app.box().fill(FILES.map((name) => app.unused(`/slow/4/${name}`)).join("\n"));
  await app.box().press("Enter");
  await waits(app, "hevc_aac", "vp9_aac", "vp8_vorbis");
}

test("the queue is put in another order by its menu", async ({ app }) => {
  await queue(app);
  await app.more("vp8_vorbis", "Move up");
  await waits(app, "hevc_aac", "vp8_vorbis", "vp9_aac");
  await app.more("hevc_aac", "Move down");
  await waits(app, "vp8_vorbis", "hevc_aac", "vp9_aac");
  await app.more("vp9_aac", "Move to the front");
  await waits(app, "vp9_aac", "vp8_vorbis", "hevc_aac");
  await app.cancelAll();
});

test("the queue is put in another order by dragging", async ({ app }) => {
  await queue(app);
  await app.drag(app.row("vp8_vorbis"), app.row("hevc_aac"));
  await waits(app, "vp8_vorbis", "hevc_aac", "vp9_aac");
  const { downloads } = await app.becomes("/api/downloads?state=queued", ({ downloads }) => {
    const [first] = downloads.toSorted((a, b) => b.priority - a.priority || a.id - b.id);
    return /vp8_vorbis/.test(first.url); // the server has that order too
  });
  assert.equal(downloads.length, 3);
  await app.cancelAll();
});

test("pause all and resume all", async ({ app, page }) => {
  app.expected.push(/status of 409/); // what went on meanwhile says so
  await queue(app);
  await page.getByRole("button", { name: "Pause all" }).click();
  await expect(page.locator("[data-state=paused]")).toHaveCount(5);
  await page.getByRole("button", { name: "Resume all" }).click();
  await expect(page.locator("[data-state=paused]")).toHaveCount(0);
  await app.cancelAll();
});

test("clear the list", async ({ app, page }) => {
  await app.add("/media/ok.mp4");
  await app.downloads();
  await app.tab("History");
  await page.getByRole("heading", { level: 2, name: "Today" }).waitFor();
  await app.accessible("the history of downloads");
  await page.getByRole("button", { name: "Clear list" }).click();
  await expect(page.locator("[data-download]")).toHaveCount(0);
});
