// The player beyond its keys: in a window of its own, on the lock screen, from one film to the next.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const { cell, go } = world;
const title = (text) => world.page.getByRole("heading", { level: 1 }).filter({ hasText: text });

interaction("the film in a window of its own", async () => {
  const { page } = world;
  await go("Library");
  await cell("Linked title").click();
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 1);
  const opened = page
    .locator("video")
    .evaluate(
      (video) =>
        new Promise((done) => video.addEventListener("enterpictureinpicture", () => done(true), { once: true })),
    );
  await page.getByRole("button", { name: "Picture-in-picture" }).click();
  assert.ok(await opened);
  await page.evaluate(() => document.exitPictureInPicture());
});

interaction("the lock screen names the film and leads to the next one", async () => {
  const { page, server } = world;
  await page.addInitScript(() => {
    // What the system would press: the page hands it to the browser, and no script gets it back from there.
    const session = navigator.mediaSession;
    const set = session.setActionHandler.bind(session);
    window.pressed = {};
    session.setActionHandler = (action, handler) => {
      window.pressed[action] = handler;
      set(action, handler);
    };
  });
  const { items } = await world.api("GET", "/api/items?kind=video&limit=3");
  await page.goto(`${server.url}/watch/${items[0].id}`);
  await title(items[0].title).waitFor();
  await page.waitForFunction((name) => navigator.mediaSession.metadata?.title === name, items[0].title);
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 1);
  await page.evaluate(() => window.pressed.seekforward());
  await page.waitForFunction(() => document.querySelector("video").currentTime > 1);
  await page.waitForFunction(() => window.pressed.nexttrack);
  await page.evaluate(() => window.pressed.nexttrack());
  await page.waitForURL((url) => !url.pathname.endsWith(`/${items[0].id}`));
  await page.waitForFunction((name) => navigator.mediaSession.metadata?.title !== name, items[0].title);
});

interaction("from one film to the next and back, by button and key", async () => {
  const { page } = world;
  const before = page.url();
  await page.getByRole("button", { name: "Next" }).click();
  await page.waitForURL((url) => url.href !== before);
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("p");
  await page.waitForURL(before);
});
