// What waits, in which order, and all of it at once.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const { row, go } = world;
const NAMES = ["av1_aac", "av1_opus", "hevc_aac", "vp9_aac", "vp8_vorbis"];

/** The names in "Up next", from the top. */
const waiting = () =>
  world.page
    .getByRole("region", { name: "Up next" })
    .locator("[data-download]")
    .evaluateAll((rows) =>
      rows.map((each) => /(av1_aac|av1_opus|hevc_aac|vp9_aac|vp8_vorbis)/.exec(each.textContent)?.[0]),
    );
const becomes = async (order) => {
  for (const end = Date.now() + 10_000; ; ) {
    const now = await waiting();
    if (now.join() === order.join()) return;
    assert.ok(Date.now() < end, `${now} is not ${order}`);
    await world.page.waitForTimeout(50);
  }
};

interaction("the queue is put in another order by its menu", async () => {
  await go("Downloads");
  const types = [".mp4", ".webm", ".mp4", ".mp4", ".webm"];
  await world.box().fill(NAMES.map((name, i) => world.site.url(`/slow/4/${name}${types[i]}`)).join("\n"));
  await world.box().press("Enter");
  await becomes(["hevc_aac", "vp9_aac", "vp8_vorbis"]); // two of a site at once, so three wait
  await world.more("vp8_vorbis", "Move up");
  await becomes(["hevc_aac", "vp8_vorbis", "vp9_aac"]);
  await world.more("hevc_aac", "Move down");
  await becomes(["vp8_vorbis", "hevc_aac", "vp9_aac"]);
  await world.more("vp9_aac", "Move to the front");
  await becomes(["vp9_aac", "vp8_vorbis", "hevc_aac"]);
});

interaction("the queue is put in another order by dragging", async () => {
  await world.drag(row("hevc_aac"), row("vp9_aac"));
  await becomes(["hevc_aac", "vp9_aac", "vp8_vorbis"]);
  const { downloads } = await world.api("GET", "/api/downloads?state=queued");
  const server = downloads.sort((a, b) => b.priority - a.priority || a.id - b.id).map(({ url }) => url);
  assert.match(server[0], /hevc_aac/, "the server has that order too");
});

interaction("pause all and resume all", async () => {
  const { page } = world;
  page.expected.push(/status of 409/); // who went on meanwhile says so
  await page.getByRole("button", { name: "Pause all" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-state=paused]").length === 5);
  await page.getByRole("button", { name: "Resume all" }).click();
  await page.waitForFunction(() => !document.querySelector("[data-state=paused]"));
  await world.cancelAll();
});

interaction("clear the list", async () => {
  const { page } = world;
  await world.tab("History");
  await page.getByRole("heading", { level: 2, name: "Today" }).waitFor();
  await world.accessible("the history of downloads");
  await page.getByRole("button", { name: "Clear list" }).click();
  await page.waitForFunction(() => !document.querySelector("[data-download]"));
});
