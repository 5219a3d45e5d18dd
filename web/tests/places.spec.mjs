// Places of the library beside its folders: playlists in the order of their site, and channels.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

const WINDOW = { width: 1440, height: 900 };
/** A playlist of six, of which the fifth is not in the library. */
async function addList(app) {
  await app.api("POST", "/api/downloads", { url: app.site.url("/list/6"), options: { playlist: { folder: false } } });
  const whole = ({ entries, items }) => entries === 6 && items === 6;
  const { lists } = await app.becomes("/api/lists", ({ lists }) => lists.some(whole));
  const { items } = await app.api("GET", "/api/items?limit=200");
  for (const { id, source_url } of items)
    if (/same-name\/5/.test(source_url)) await app.api("DELETE", `/api/items/${id}`);
  return lists.find(whole);
}

const rows = (app) => app.page.getByRole("main").getByRole("listitem");

test("a playlist is a page in the order of its site, and keeps the place of what is missing", async ({ app, page }) => {
  await addList(app);
  await app.go("Library");
  await page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Playlists" }).click();
  await page.getByRole("heading", { level: 1, name: /^Playlists/ }).waitFor();
  await app.accessible("the playlists");
  await page
    .getByRole("main")
    .getByRole("link", { name: /5 of 6 in your library/ })
    .click();
  await page.getByRole("heading", { level: 1, name: "A list: of 6/all" }).waitFor();
  assert.deepEqual(
    await rows(app).evaluateAll((all) =>
      all.map((each) => /^\d/.exec(each.innerText)?.[0] + (each.querySelector("a") ? "" : "-")),
    ),
    ["1", "2", "3", "4", "5-", "6"],
  );
  await app.accessible("a playlist");
  const missing = rows(app).nth(4);
  await missing.getByText("Not in your library").waitFor();
  await missing.getByRole("button", { name: /^Add: / }).click();
  const add = page.getByRole("dialog", { name: "Add", exact: true });
  assert.match(await add.getByRole("textbox", { name: "Paste a link" }).inputValue(), /same-name\/5/);
  await add.getByRole("button", { name: "Clear", exact: true }).click();
  await page.keyboard.press("Escape");
  await add.waitFor({ state: "detached" });
});

test("a playlist plays in its order", async ({ app, page }) => {
  const { id } = await addList(app);
  await app.open(`/playlist/${id}`);
  await page.getByRole("link", { name: "Play all" }).click();
  for (const part of ["1", "2", "3", "4", "6"]) {
    await page.waitForFunction(
      async (part) => {
        const id = /watch\/(\d+)/.exec(location.pathname)?.[1];
        const item = id && (await (await fetch(`/api/items/${id}`)).json());
        return item && new RegExp(`same-name/${part}`).test(item.source_url);
      },
      part,
      { polling: 200 },
    );
    await page.waitForFunction(() => document.querySelector("video")?.paused === false);
    if (part !== "6") await page.keyboard.press("n");
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("main").getByRole("link", { name: "A list: of 6/all" }).click(); // where one came from
  await page.getByText("5 of 6 in your library").waitFor();
  await app.accessible("a playlist on a phone");
  await page.setViewportSize(WINDOW);
});

test("an item that is opened by its address goes on in its playlist", async ({ app, page }) => {
  await addList(app);
  const { items } = await app.api("GET", "/api/items?limit=200");
  const at = (position) => items.find(({ list }) => list?.position === position);
  await app.open(`/watch/${at(2).id}`);
  await app.shows(at(2).id);
  await page.getByRole("button", { name: "Next", exact: true }).and(page.locator(":enabled")).waitFor();
  await app.press("n");
  await app.shows(at(3).id);
  await page.getByRole("main").getByRole("link", { name: "A list: of 6/all" }).click(); // the way back
  await page.getByText("5 of 6 in your library").waitFor();
});

test("a channel is a page with its items, found from the library, an item and the palette", async ({
  app,
  page,
  server,
}) => {
  app.seed(3, "Slow / Rivers");
  await page.goto(`${server.url}/library`);
  await page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Channels" }).click();
  await page.getByRole("heading", { level: 1, name: "Channels" }).waitFor();
  await app.accessible("the channels");
  await page
    .getByRole("main")
    .getByRole("link", { name: /Slow \/ Rivers/ })
    .click();
  await page.getByRole("heading", { level: 1, name: "Slow / Rivers" }).waitFor();
  await page.getByText(/3 items/).waitFor();
  await expect(rows(app)).toHaveCount(3);
  await app.accessible("a channel");
  await page.getByRole("combobox", { name: "Sort" }).click();
  await page.getByRole("option", { name: "Title", exact: true }).click();
  await page.waitForURL(/sort=title/);
  await rows(app)
    .first()
    .getByRole("link", { name: /Seeded film 1 / })
    .click();
  await page.getByRole("heading", { level: 1, name: /Seeded film 1 / }).waitFor();
  await page
    .getByRole("region", { name: "Up next" })
    .getByRole("link", { name: /Seeded film 2 / })
    .waitFor();
  await page.getByRole("main").getByRole("link", { name: "Slow / Rivers" }).last().click();
  await page.getByRole("heading", { level: 1, name: "Slow / Rivers" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search everything" }).fill("rivers");
  await page.getByRole("option", { name: /Slow \/ Rivers Channel/ }).click();
  await page.getByRole("heading", { level: 1, name: "Slow / Rivers" }).waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  await app.accessible("a channel on a phone");
  await page.setViewportSize(WINDOW);
});

test("a channel and a search are shared with a podcast feed", async ({ app, page }) => {
  app.seed(3, "Slow / Rivers");
  const make = async () => {
    await page.getByRole("button", { name: "Create link" }).click();
    return page.getByRole("textbox", { name: "Podcast feed" }).inputValue();
  };
  await app.open(`/channel/${encodeURIComponent("Slow / Rivers")}`);
  await page.getByRole("main").getByRole("link", { name: "Share", exact: true }).click();
  await page.getByText("Share “Slow / Rivers”").waitFor();
  const feeds = [await make()];
  await app.open("/library");
  await page.getByRole("searchbox", { name: "Search" }).fill("seeded");
  await page.getByRole("main").getByRole("link", { name: "Share this search" }).click();
  await page.getByText("Share “seeded”").waitFor();
  await app.accessible("a link to a search");
  feeds.push(await make());
  for (const feed of feeds) {
    const answer = await page.request.get(feed);
    assert.equal(answer.headers()["content-type"], "application/rss+xml; charset=utf-8");
    assert.equal((await answer.text()).match(/<enclosure /g).length, 3);
  }
  for (const title of ["seeded", "Slow / Rivers"]) {
    await page.getByRole("button", { name: `Revoke: ${title}` }).click();
    await page.getByRole("button", { name: `Revoke: ${title}` }).waitFor({ state: "detached" });
  }
  assert.equal((await page.request.get(feeds[0])).status(), 404);
});

test("the start page has a shelf for the playlist, which plays as a whole", async ({ app, page }) => {
  const { id } = await addList(app);
  await app.go("Home");
  const shelf = page.getByRole("region", { name: "A list: of 6/all" });
  await expect(shelf.getByRole("listitem")).toHaveCount(5);
  await app.accessible("the start page with a shelf");
  const [first] = (await app.api("GET", `/api/lists/${id}`)).content;
  await shelf.getByRole("link", { name: "Play all: A list: of 6/all" }).click();
  await app.shows(first.item.id);
  await app.plays();
  await page
    .getByRole("link", { name: "Back" })
    .or(page.getByRole("link", { name: "A list: of 6/all" }))
    .first()
    .waitFor();
  await app.press("n");
  await page.waitForURL((url) => /watch/.test(url.pathname) && !url.pathname.endsWith(`/${first.item.id}`));
});

test("the library has its unwatched items and its audio as places", async ({ app, page }) => {
  const [film, song] = await app.add("/media/ok.mp4", { path: "/media/av1_aac.mp4", options: { audio: "m4a" } });
  await app.api("PUT", `/api/items/${film.id}/watched`, { watched: true });
  await app.go("Library");
  const places = page.getByRole("navigation", { name: "Library" });
  for (const place of ["Unwatched", "Audio"]) {
    await places.getByRole("link", { name: place }).click();
    await expect(places.locator("[aria-current=page]")).toHaveText(place);
    await expect(page.getByRole("gridcell")).toHaveCount(1);
    await app.cell(song.title).waitFor();
  }
});

test("the library is filtered by a tag and by the time of publication", async ({ app, page }) => {
  await app.add("/media/ok.mp4");
  await app.open("/library?tag=boats&since=30d");
  await page.getByText("No matches for these filters").waitFor();
  await app.accessible("the library without a match");
  const published = page.getByRole("combobox", { name: "Publication" });
  await expect(published).toHaveText("Published in the last 30 days");
  await published.click();
  await page.getByRole("option", { name: "Published any time" }).click();
  await page.getByRole("button", { name: "Remove the tag boats" }).click();
  await app.cell("ok").waitFor();
  assert.equal(new URL(page.url()).search, "");
});
