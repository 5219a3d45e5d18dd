// One media element for the session: it plays by itself, from item to item and from page to page.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const media = () => world.page.locator("video");
const wait = (test, arg) => world.page.waitForFunction(test, arg);
const shows = (id) => wait((id) => document.querySelector("video")?.src.endsWith(`/media/${id}`), id);
const press = (key) => world.page.keyboard.press(key);
/** It plays: not paused, and the time goes on. */
const plays = () =>
  media().evaluate(async (element) => {
    element.loop = true; // the files are short
    for (const from = element.currentTime; element.paused || element.currentTime === from; )
      await new Promise((done) => setTimeout(done, 50));
  });
const paused = () => media().evaluate((element) => element.paused);
const LINKS = ["/media/ok.mp4", "/media/h264_baseline.mp4", "/page/subtitles", "/media/a.mp3"];

/** Items of the library, sorted by title as the page shows them. */
const titles = async () => (await world.api("GET", "/api/items?sort=title&limit=200")).items;
const openFirst = async () => {
  await world.page.goto(`${world.server.url}/library?sort=title`);
  await world.page.getByRole("gridcell").first().click();
};

interaction("a card plays, without another click", async () => {
  const { page, site } = world;
  await page.evaluate(() => localStorage.setItem("mf.player", JSON.stringify({ muted: true })));
  for (const path of LINKS) {
    const options = path.includes("subtitles") ? { subtitles: ["en", "es"] } : {};
    await world.api("POST", "/api/downloads", { url: site.url(path), options });
  }
  await world.becomes("/api/items?limit=200", ({ items }) => items.length === LINKS.length);
  await page.reload();
  const items = await titles();
  await openFirst();
  await shows(items[0].id);
  await plays();
});

interaction("the next item of the view plays, with the speed of the one before", async () => {
  const { page } = world;
  const items = await titles();
  await page.getByRole("button", { name: "Playback settings" }).click();
  await page.getByRole("button", { name: "1.5×" }).click();
  await press("Escape");
  await page.getByRole("button", { name: "Next" }).click();
  await shows(items[1].id);
  await plays();
  assert.equal(await media().evaluate(({ playbackRate }) => playbackRate), 1.5);
  assert.ok(page.url().endsWith(`/watch/${items[1].id}`));
  await press("n");
  await shows(items[2].id);
  await plays();
  await press("p");
  await shows(items[1].id);
  await plays();
});

interaction("full screen stays when the next item plays", async () => {
  const { page } = world;
  const items = await titles();
  await press("f");
  await wait(() => document.fullscreenElement?.hasAttribute("data-player"));
  await press("n");
  await shows(items[2].id);
  await plays();
  assert.ok(await page.evaluate(() => document.fullscreenElement?.contains(document.querySelector("video"))));
  await press("f");
  await wait(() => document.fullscreenElement === null);
});

interaction("the player goes on in a corner when its page is left, and returns", async () => {
  const { page } = world;
  await plays();
  await media().evaluate((element) => {
    element.dataset.same = "yes";
  });
  const { id } = (await titles())[2];
  await world.go("Trash");
  await page.locator("[data-player]:not([data-player=page])").waitFor();
  await plays();
  const player = page.getByRole("region", { name: "Player" });
  await player.getByRole("link").first().click();
  await page.waitForURL((url) => url.pathname === `/watch/${id}`);
  await page.locator("[data-player=page]").waitFor();
  await plays();
  assert.equal(await media().getAttribute("data-same"), "yes");
  await world.go("Library");
  await player.getByRole("button", { name: "Close player" }).click();
  await media().waitFor({ state: "detached" });
});

interaction("the keys work without the focus on the player", async () => {
  const { page } = world;
  const items = await titles();
  await page.goto(`${world.server.url}/watch/${items.find(({ subtitles }) => subtitles.length > 1).id}`);
  await plays();
  await page.getByRole("heading", { level: 1 }).click();
  await press("Space");
  assert.equal(await paused(), true);
  await press("5");
  await wait(
    () => Math.abs(document.querySelector("video").currentTime / document.querySelector("video").duration - 0.5) < 0.1,
  );
  await press("0");
  await wait(() => document.querySelector("video").currentTime === 0);
  await press("ArrowRight");
  await wait(() => document.querySelector("video").currentTime > 1);
  await press("Space");
  await plays();
});

interaction("one caption track at a time, and the next item has it too", async () => {
  const { page } = world;
  const showing = () =>
    media().evaluate(({ textTracks }) =>
      [...textTracks].filter(({ mode }) => mode === "showing").map((t) => t.language),
    );
  await page.getByRole("button", { name: "Playback settings" }).click();
  await page.getByRole("button", { name: "Spanish" }).click();
  assert.deepEqual(await showing(), ["es"]);
  await page.getByRole("button", { name: "Playback settings" }).click();
  await press("c");
  assert.deepEqual(await showing(), []);
  await press("c");
  assert.equal((await showing()).length, 1);
  await page.getByRole("button", { name: "Playback settings" }).click();
  await page.getByRole("button", { name: "Spanish" }).click();
  await page.reload();
  await wait(() => [...(document.querySelector("video")?.textTracks ?? [])].some(({ mode }) => mode === "showing"));
  assert.deepEqual(await showing(), ["es"]);
});

interaction("theatre mode gives the picture the width", async () => {
  const { page } = world;
  const width = () => media().evaluate((element) => element.getBoundingClientRect().width);
  await page.setViewportSize({ width: 1024, height: 768 });
  await wait(() => document.querySelector("video").getBoundingClientRect().width > 600);
  await page.setViewportSize({ width: 1440, height: 1200 });
  const before = await width();
  await press("t");
  await wait((before) => document.querySelector("video").getBoundingClientRect().width > before + 100, before);
  await press("t");
  await wait((before) => document.querySelector("video").getBoundingClientRect().width === before, before);
  await page.setViewportSize({ width: 1440, height: 900 });
});

interaction("an audio item has a bar on every page", async () => {
  const { page } = world;
  const audio = (await titles()).find(({ media }) => media.kind.startsWith("audio/"));
  await page.goto(`${world.server.url}/watch/${audio.id}`);
  await plays();
  await world.go("Library");
  await page.locator("[data-player=bar]").waitFor();
  await plays();
  await world.accessible("the bar of the player");
  await page.getByRole("region", { name: "Player" }).getByRole("button", { name: "Close player" }).click();
});

interaction("a card is a link that can be opened in another tab", async () => {
  const { page } = world;
  const [{ id }] = await titles();
  await page.goto(`${world.server.url}/library?sort=title`);
  const links = page.getByRole("gridcell").first().locator("a");
  await links.last().waitFor();
  assert.deepEqual(await links.evaluateAll((all) => all.map((a) => a.getAttribute("href"))), [
    `/watch/${id}`,
    `/watch/${id}`,
  ]);
  const opened = page.context().waitForEvent("page");
  await links.last().click({ button: "middle" });
  await (await opened).close();
});
