// The player.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const { cell, go } = world;
const media = () => world.page.locator("video, audio");
const wait = (test, arg) => world.page.waitForFunction(test, arg);

interaction("an item plays and seeks", async () => {
  await go("Library");
  await cell(/\bok/).click();
  const at = await media().evaluate(async (element) => {
    element.muted = true;
    await element.play();
    const from = element.currentTime;
    while (element.currentTime <= from + 0.2)
      await new Promise((done) => element.addEventListener("timeupdate", done, { once: true }));
    element.pause();
    element.currentTime = 0.5;
    await new Promise((done) => element.addEventListener("seeked", done, { once: true }));
    element.currentTime = 2.5;
    await new Promise((done) => element.addEventListener("seeked", done, { once: true }));
    return element.currentTime;
  });
  assert.ok(Math.abs(at - 2.5) < 0.3);
});

interaction("the position is remembered", async () => {
  const id = world.page.url().split("/").at(-1);
  await world.page.getByRole("link", { name: "Back to library" }).click();
  await world.becomes(`/api/items/${id}`, ({ position }) => Math.abs(position - 2.5) < 0.5);
  const { items } = await world.api("GET", "/api/items?limit=200");
  const other = items.find(({ title }) => title.startsWith("h264_aac"));
  await world.api("PUT", `/api/items/${other.id}/position`, { position: 0 });
  // Less than five seconds are not worth a resume; a long film is.
  await world.page.goto(`${world.server.url}/watch/${id}`);
  await wait(() => document.querySelector("video")?.readyState >= 1);
  assert.equal(await world.page.getByText("Resumed at").count(), 0);
});

interaction("keys of the player", async () => {
  const { page } = world;
  const press = (key) => page.keyboard.press(key);
  await page.getByRole("heading", { level: 1 }).click();
  await media().evaluate((element) => {
    element.muted = true;
    element.loop = true; // the file is short
    element.pause();
    element.currentTime = 0;
  });
  await press("m");
  await wait(() => !document.querySelector("video").muted);
  await press("m");
  await press("l");
  await wait(() => document.querySelector("video").currentTime > 2);
  await press("j");
  await wait(() => document.querySelector("video").currentTime < 1);
  await press("k");
  await wait(() => !document.querySelector("video").paused);
  await press("k");
  await wait(() => document.querySelector("video").paused);
  await press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await press("Escape");
});

interaction("speed of the player", async () => {
  const { page } = world;
  await page.getByRole("button", { name: "Playback settings" }).click();
  await page.getByRole("button", { name: "1.5×" }).click();
  await wait(() => document.querySelector("video").playbackRate === 1.5);
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press(">");
  await wait(() => document.querySelector("video").playbackRate === 1.75);
  await page.keyboard.press("<");
  await page.keyboard.press("<");
  await page.keyboard.press("<");
  await wait(() => document.querySelector("video").playbackRate === 1);
});

interaction("facts of an item", async () => {
  const id = world.page.url().split("/").at(-1);
  const item = await world.api("GET", `/api/items/${id}`);
  const facts = world.page.getByLabel("Details");
  for (const words of [item.media.sha256, "MP4 · h264 · aac", `${item.media.width} × ${item.media.height}`, "1 item"])
    await facts.getByText(words).waitFor();
});

interaction("the next one begins after the end", async () => {
  const { page } = world;
  const last = page.url(); // the oldest item is the last one of the view
  await page.keyboard.press("p");
  await page.waitForURL((url) => url.href !== last);
  const path = `/media/${page.url().split("/").at(-1)}`;
  await wait((src) => document.querySelector("video").currentSrc.endsWith(src), path);
  await wait(() => document.querySelector("video").readyState >= 1);
  await media().evaluate(async (element) => {
    element.muted = true;
    element.loop = false;
    element.currentTime = element.duration - 0.2;
    await element.play();
  });
  await page.getByText("Next in").waitFor();
  await page.getByRole("button", { name: "Play now" }).click();
  await page.waitForURL(last);
});

interaction("an audio item plays", async () => {
  await world.folder("Trips").click();
  await world.page
    .getByRole("gridcell")
    .filter({ has: world.page.getByText("a", { exact: true }) })
    .first()
    .click();
  await world.page.locator("video").evaluate(async (element) => {
    element.muted = true;
    await element.play();
    while (element.currentTime < 0.3)
      await new Promise((done) => element.addEventListener("timeupdate", done, { once: true }));
  });
});

interaction("a file that this browser cannot play", async () => {
  const { page } = world;
  // The bytes of a real item, answered as what no browser knows: the page has to say so.
  const { items } = await world.api("GET", "/api/items?kind=video&limit=1");
  page.expected.push(/ERR_FAILED|status of 415/);
  await page.route(`**/media/${items[0].id}`, (route) =>
    route.fulfill({ status: 200, contentType: "video/mp4", body: "no film at all" }),
  );
  await page.goto(`${world.server.url}/watch/${items[0].id}`);
  await page.getByRole("alert").filter({ hasText: "This browser cannot play this file" }).waitFor();
  await page.getByRole("link", { name: "Download file" }).waitFor();
  await page.unroute(`**/media/${items[0].id}`);
});
