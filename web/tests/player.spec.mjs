// One media element for the session: it plays by itself, from item to item and from page to page.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

const VIDEOS = ["/media/ok.mp4", "/media/h264_baseline.mp4", "/media/h264_mp3.mp4"];
const SUBTITLED = { path: "/page/subtitles", options: { subtitles: ["en", "es"] } };

/** Items in the library, sorted by title as the page shows them, and the first one open. */
async function openFirst(app, paths = VIDEOS) {
  await app.add(...paths);
  const { items } = await app.api("GET", "/api/items?sort=title&limit=200");
  await app.open("/library?sort=title");
  await app.page.getByRole("gridcell").first().click();
  await app.shows(items[0].id);
  return items;
}
/** One item, and its page open. */
async function openOne(app, wanted = "/media/ok.mp4") {
  const [item] = await app.add(wanted);
  await app.open(`/watch/${item.id}`);
  await app.page.waitForFunction(() => document.querySelector("video")?.readyState >= 1);
  return item;
}
const settings = (page) => page.getByRole("button", { name: "Playback settings" });

test("a card plays, without another click", async ({ app }) => {
  await openFirst(app);
  await app.plays();
});

test("the next item of the view plays, with the speed and volume of the one before", async ({ app, page }) => {
  const items = await openFirst(app);
  await settings(page).click();
  await page.getByRole("button", { name: "1.5×" }).click();
  await app.press("Escape");
  await page.getByRole("slider", { name: "Volume" }).fill("0.3");
  await page.getByRole("button", { name: "Next" }).click();
  await app.shows(items[1].id);
  await app.plays();
  assert.deepEqual(await app.media().evaluate(({ playbackRate, volume, muted }) => [playbackRate, volume, muted]), [
    1.5,
    0.3,
    false,
  ]);
  assert.ok(page.url().endsWith(`/watch/${items[1].id}`));
  await app.press("n");
  await app.shows(items[2].id);
  await app.plays();
  await app.press("p");
  await app.shows(items[1].id);
  await app.plays();
});

test("full screen stays when the next item plays", async ({ app, page }) => {
  const items = await openFirst(app);
  await app.plays();
  await app.press("f");
  await page.waitForFunction(() => document.fullscreenElement?.hasAttribute("data-player"));
  await app.press("n");
  await app.shows(items[1].id);
  await app.plays();
  assert.ok(await page.evaluate(() => document.fullscreenElement?.contains(document.querySelector("video"))));
  await app.press("f");
  await page.waitForFunction(() => document.fullscreenElement === null);
});

test("search and Add open over the picture in full screen", async ({ app, page }) => {
  await openFirst(app);
  await app.plays();
  await app.press("f");
  await page.waitForFunction(() => document.fullscreenElement?.hasAttribute("data-player"));
  /** Whether the dialog is what the user sees and clicks in the middle of the screen. */
  const isOnTop = async (dialog) => {
    await dialog.waitFor();
    const box = await dialog.boundingBox();
    const at = [box.x + box.width / 2, box.y + 20];
    return await dialog.evaluate((one, [x, y]) => one.contains(document.elementFromPoint(x, y)), at);
  };
  await page.keyboard.press("Control+k");
  const search = page.getByRole("dialog", { name: "Search everything" });
  await expect.poll(() => isOnTop(search)).toBe(true);
  await search.getByRole("combobox").fill("f"); // a letter, and not the key that leaves full screen
  await expect(search.getByRole("combobox")).toHaveValue("f");
  await page.keyboard.press("Escape");
  await search.waitFor({ state: "detached" });
  const link = app.unused("/media/a.mp3");
  await app.paste(link);
  const add = page.getByRole("dialog", { name: "Add", exact: true });
  await expect.poll(() => isOnTop(add)).toBe(true);
  await expect(add.getByRole("textbox", { name: "Paste a link" })).toHaveValue(link);
  await page.keyboard.press("Escape");
  await add.waitFor({ state: "detached" });
  assert.ok(await page.evaluate(() => document.fullscreenElement?.hasAttribute("data-player")));
});

test("the countdown after the end plays the next one in full screen", async ({ app, page }) => {
  const items = await openFirst(app);
  await app.plays();
  await app.press("f");
  await page.waitForFunction(() => document.fullscreenElement?.hasAttribute("data-player"));
  await app.media().evaluate((element) => {
    element.loop = false;
    element.currentTime = element.duration - 0.2;
  });
  await page.getByRole("status").getByText("Next in").first().waitFor(); // and no button is pressed
  await app.shows(items[1].id);
  await app.plays();
  assert.ok(await page.evaluate(() => document.fullscreenElement?.contains(document.querySelector("video"))));
  await page.waitForURL(`**/watch/${items[1].id}`);
});

test("the player goes on in a corner when its page is left, and returns", async ({ app, page }) => {
  const [{ id }] = await openFirst(app);
  await app.plays();
  await app.media().evaluate((element) => {
    element.dataset.same = "yes";
  });
  await app.go("Trash");
  await page.locator("[data-player]:not([data-player=page])").waitFor();
  await app.plays();
  const player = page.getByRole("region", { name: "Player" });
  await player.getByRole("link").first().click();
  await page.waitForURL((url) => url.pathname === `/watch/${id}`);
  await page.locator("[data-player=page]").waitFor();
  await app.plays();
  assert.equal(await app.media().getAttribute("data-same"), "yes");
  await app.go("Library");
  await player.getByRole("button", { name: "Close player" }).click();
  await app.media().waitFor({ state: "detached" });
});

test("the keys work without the focus on the player", async ({ app, page }) => {
  await openOne(app);
  await app.plays();
  await page.getByRole("heading", { level: 1 }).click();
  await app.press("Space");
  assert.equal(await app.paused(), true);
  await app.press("5");
  await page.waitForFunction(() => {
    const { currentTime, duration } = document.querySelector("video");
    return Math.abs(currentTime / duration - 0.5) < 0.1;
  });
  await app.press("0");
  await page.waitForFunction(() => document.querySelector("video").currentTime === 0);
  await app.press("ArrowRight");
  await page.waitForFunction(() => document.querySelector("video").currentTime > 1);
  await app.press("Space");
  await app.plays();
});

test("keys of the player", async ({ app, page }) => {
  await openOne(app);
  await page.getByRole("heading", { level: 1 }).click();
  await app.media().evaluate((element) => {
    element.muted = true;
    element.loop = true; // the file is short
    element.pause();
    element.currentTime = 0;
  });
  await app.press("m");
  await page.waitForFunction(() => !document.querySelector("video").muted);
  await app.press("m");
  await app.press("l");
  await page.waitForFunction(() => document.querySelector("video").currentTime > 2);
  await app.press("j");
  await page.waitForFunction(() => document.querySelector("video").currentTime < 1);
  await app.press("k");
  await page.waitForFunction(() => !document.querySelector("video").paused);
  await app.press("k");
  await page.waitForFunction(() => document.querySelector("video").paused);
  await app.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await app.press("Escape");
});

test("speed of the player", async ({ app, page }) => {
  await openOne(app);
  const rate = (wanted) =>
    page.waitForFunction((wanted) => document.querySelector("video").playbackRate === wanted, wanted);
  await settings(page).click();
  await page.getByRole("button", { name: "1.5×" }).click();
  await rate(1.5);
  await page.getByRole("heading", { level: 1 }).click();
  await app.press(">");
  await rate(1.75);
  for (const _ of [1, 2, 3]) await app.press("<");
  await rate(1);
});

test("one caption track at a time, and the next item has it too", async ({ app, page }) => {
  await app.add({ ...SUBTITLED, path: "/page/subtitles-again" });
  await openOne(app, SUBTITLED);
  const showing = () =>
    app
      .media()
      .evaluate(({ textTracks }) =>
        [...textTracks].filter(({ mode }) => mode === "showing").map(({ language }) => language),
      );
  const choose = async (name) => {
    await settings(page).click();
    await page.getByRole("button", { name }).click();
  };
  await choose("Spanish");
  await expect.poll(showing).toEqual(["es"]);
  await settings(page).click();
  await app.press("c");
  await expect.poll(showing).toEqual([]);
  await app.press("c");
  await expect.poll(async () => (await showing()).length).toBe(1);
  await choose("Spanish");
  await expect.poll(showing).toEqual(["es"]);
  await page.reload();
  await expect.poll(showing).toEqual(["es"]);
  const before = await app.media().getAttribute("src");
  await page.getByRole("heading", { level: 1 }).click();
  await app.press("n");
  await page.waitForFunction((before) => document.querySelector("video").getAttribute("src") !== before, before);
  await expect.poll(showing).toEqual(["es"]);
});

test("theatre mode gives the picture the width", async ({ app, page }) => {
  await openOne(app);
  const width = () => app.media().evaluate((element) => element.getBoundingClientRect().width);
  await page.setViewportSize({ width: 1024, height: 768 });
  await page.waitForFunction(() => document.querySelector("video").getBoundingClientRect().width > 600);
  await page.setViewportSize({ width: 1440, height: 1200 });
  const before = await width();
  await app.press("t");
  await expect.poll(width).toBeGreaterThan(before + 100);
  await app.press("t");
  await expect.poll(width).toBe(before);
});

test("an audio item plays, and has a bar on every page", async ({ app, page }) => {
  await openOne(app, "/media/a.mp3");
  await app.plays();
  await app.go("Library");
  await page.locator("[data-player=bar]").waitFor();
  await app.plays();
  await app.accessible("the bar of the player");
  await page.getByRole("region", { name: "Player" }).getByRole("button", { name: "Close player" }).click();
  await app.media().waitFor({ state: "detached" });
});

test("a card is a link that can be opened in another tab", async ({ app, page }) => {
  const [{ id }] = await app.add("/media/ok.mp4");
  await app.open("/library");
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

test("an item plays and seeks, and its position is remembered", async ({ app, page }) => {
  const { id } = await openOne(app);
  await app.plays();
  await app.media().evaluate(async (element) => {
    element.pause();
    for (const wanted of [0.5, 2.5]) {
      element.currentTime = wanted;
      await new Promise((done) => element.addEventListener("seeked", done, { once: true }));
    }
  });
  await page.getByRole("link", { name: "Back to library" }).click();
  await app.becomes(`/api/items/${id}`, ({ position }) => Math.abs(position - 2.5) < 0.5);
  // Less than five seconds are not worth a resume.
  await app.open(`/watch/${id}`);
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 1);
  assert.equal(await page.getByText("Resumed at").count(), 0);
});

test("facts of an item", async ({ app }) => {
  const { id } = await openOne(app);
  const { media } = await app.api("GET", `/api/items/${id}`);
  assert.equal(await app.page.getByText(media.sha256).isVisible(), false, "hash and codecs are asked for");
  const facts = await app.details();
  for (const words of [media.sha256, "MP4 · h264 · aac", `${media.width} × ${media.height}`, "1 item"])
    await facts.getByText(words).waitFor();
});

test("a file that this browser cannot play", async ({ app, page }) => {
  const [{ id }] = await app.add("/media/ok.mp4");
  // The bytes of a real item, answered as what no browser knows: the page has to say so.
  app.expected.push(/ERR_FAILED|status of 415/);
  await page.route(`**/media/${id}`, (route) =>
    route.fulfill({ status: 200, contentType: "video/mp4", body: "no film at all" }),
  );
  await app.open(`/watch/${id}`);
  await page.getByRole("alert").filter({ hasText: "This browser cannot play this file" }).waitFor();
  await page.getByRole("link", { name: "Download file" }).waitFor();
});

test("the film in a window of its own", async ({ app, page }) => {
  await openOne(app);
  const opened = app
    .media()
    .evaluate(
      (video) =>
        new Promise((done) => video.addEventListener("enterpictureinpicture", () => done(true), { once: true })),
    );
  await page.getByRole("button", { name: "Picture-in-picture" }).click();
  assert.ok(await opened);
  await page.evaluate(() => document.exitPictureInPicture());
});

test("the lock screen names the film and leads to the next one", async ({ app, page }) => {
  await page.addInitScript(() => {
    // What the system would press: the page hands it to the browser, and no script gets it back from there.
    const session = navigator.mediaSession;
    const set = session.setActionHandler.bind(session);
    window.pressed = {};
    session.setActionHandler = (action, handler) => {
      window.pressed[action] = handler;
      set(action, handler);
    };
    const tell = session.setPositionState.bind(session);
    session.setPositionState = (state) => {
      if (state) window.told = state;
      tell(state);
    };
  });
  await app.add(...VIDEOS);
  const { items } = await app.api("GET", "/api/items?kind=video&limit=3");
  await app.open(`/watch/${items[0].id}`);
  await page.waitForFunction((name) => navigator.mediaSession.metadata?.title === name, items[0].title);
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 1);
  await page.evaluate(() => window.pressed.seekforward());
  await page.waitForFunction(() => document.querySelector("video").currentTime > 1);
  await page.waitForFunction(() => {
    const { duration } = document.querySelector("video");
    return window.told.duration === duration && window.told.position > 1 && window.told.playbackRate === 1;
  });
  await page.waitForFunction(() => window.pressed.nexttrack);
  await page.evaluate(() => window.pressed.nexttrack());
  await page.waitForURL((url) => !url.pathname.endsWith(`/${items[0].id}`));
  await page.waitForFunction((name) => navigator.mediaSession.metadata?.title !== name, items[0].title);
});
