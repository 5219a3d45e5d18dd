// What a link is before it is fetched, and what may be wished for it.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

const preview = (app) => app.page.locator("[data-preview]");
const look = async (app, path) => {
  await app.downloads();
  await app.box().fill(app.site.url(path));
};
const send = (app) => app.page.getByRole("button", { name: "Download", exact: true }).click();
const option = async (app, label, name) => {
  await app.page.getByRole("combobox", { name: label }).click();
  await app.page.getByRole("option", { name }).click();
};
/** Opens what is more, and turns something of it on. */
const more = async (app, name) => {
  await app.page.getByText("More options").click();
  await app.page.getByRole("switch", { name }).click();
};
const done = async (app, name) => {
  await app.tab("History");
  await app.download("done", name).first().waitFor({ timeout: 60_000 });
};

test("a preview has the title, the picture of the site, and the length", async ({ app }) => {
  await look(app, "/page/chapters");
  await preview(app).getByText("Linked title").waitFor({ timeout: 60_000 }); // the first look at any link
  await preview(app).getByText("0:04").waitFor();
  await app.page.waitForFunction(() => document.querySelector("[data-preview] img")?.naturalWidth > 0);
  assert.match(await preview(app).locator("img").getAttribute("src"), /^blob:/);
});

test("only a part of a film, with the chapters in it", async ({ app, page }) => {
  await look(app, "/page/chapters");
  await preview(app).getByText("Linked title").waitFor({ timeout: 60_000 });
  await page.getByText("More options").click();
  await page.getByRole("textbox", { name: "From" }).fill("0:01");
  await page.getByRole("spinbutton", { name: "Speed limit (kB/s)" }).fill("50000");
  await page.getByRole("textbox", { name: "Stop live recording after" }).fill("1:00:00");
  await page.getByRole("switch", { name: "Never re-encode video" }).click();
  await app.accessible("the open composer");
  const sent = page.waitForRequest((one) => one.method() === "POST" && one.url().endsWith("/api/downloads"));
  await send(app);
  const wished = { start: 1, rate_limit: 50_000_000, live_max: 3600, never_transcode: true };
  assert.deepEqual((await sent).postDataJSON().options, wished);
  await done(app, "Linked title");
  await app.go("Library");
  await app.cell("Linked title").click();
  const chapters = page.getByRole("region", { name: "Chapters" }).getByRole("button");
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 1);
  assert.deepEqual(await chapters.allInnerTexts().then((all) => all.map((each) => each.split("\n")[1])), [
    "Middle",
    "Last",
  ]);
  await page.locator("video").evaluate((video) => {
    video.muted = true;
  });
  await chapters.filter({ hasText: "Last" }).click();
  await page.waitForFunction(() => document.querySelector("video").currentTime >= 1.9);
  await chapters.and(page.locator("[aria-current=true]")).filter({ hasText: "Last" }).waitFor();
});

test("a preview says what is in the library already", async ({ app, page }) => {
  await look(app, "/media/a.mp3");
  await preview(app).getByText("a", { exact: true }).waitFor();
  await send(app);
  await expect(app.box()).toHaveValue("");
  await look(app, "/media/a.mp3"); // while it is being fetched, perhaps
  await preview(app).getByText("Already in your library").waitFor({ timeout: 60_000 });
  await preview(app).getByRole("link", { name: "Play" }).click();
  await page.locator("video").waitFor();
});

test("the qualities are those that the film comes in", async ({ app, page }) => {
  await look(app, "/hls/master.m3u8");
  await preview(app).waitFor();
  const quality = page.getByRole("combobox", { name: "Quality" });
  await quality.click();
  await page.getByRole("option").first().waitFor();
  const names = await page.getByRole("option").allInnerTexts();
  assert.deepEqual(
    names.filter((name) => name.startsWith("Up to")),
    ["Up to 360p", "Up to 180p"],
  );
  await page.getByRole("option", { name: "Up to 180p" }).click();
  await send(app);
  await done(app, "master");
  const { items } = await app.api("GET", "/api/items?q=master");
  assert.equal(items[0].media.height, 180);
  await look(app, "/page/og");
  await page.getByRole("combobox", { name: "Quality" }).filter({ hasText: "Up to 180p" }).waitFor(); // as last time
  await option(app, "Quality", "Default (up to 1080p)");
});

test("some entries of a playlist, into a folder of its own", async ({ app, page }) => {
  await look(app, "/list/3");
  await preview(app).getByText("3 items").waitFor();
  await page.getByRole("checkbox", { name: "All" }).uncheck();
  assert.ok(await page.getByRole("button", { name: "Download", exact: true }).isDisabled(), "nothing is chosen");
  await page.getByRole("checkbox", { name: "Part 1" }).check();
  await page.getByRole("checkbox", { name: "Part 3" }).check();
  await preview(app).getByText("2 selected").waitFor();
  await send(app);
  await app.tab("History");
  const list = page.locator("[data-download]", { hasText: "2 of 2 done" });
  await list.waitFor({ timeout: 60_000 });
  assert.equal(await page.locator("[data-download]", { hasText: "Part 1" }).count(), 0, "a list is one row");
  await page.getByRole("button", { name: /^Show entries: A list/ }).click();
  await app.accessible("a list that is open");
  const entries = page.getByRole("list", { name: /^A list/ }).locator("[data-download]");
  assert.equal(await entries.count(), 2);
  const { items } = await app.api("GET", "/api/items?limit=200");
  const parts = items.filter(({ source_url }) => /same-name/.test(source_url));
  assert.deepEqual(parts.map(({ source_url }) => /same-name\/(\d)/.exec(source_url)[1]).toSorted(), ["1", "3"]);
  assert.ok(parts.every(({ folder }) => folder === parts[0].folder && folder !== ""));
});

test("subtitles in any language, by its name", async ({ app, page }) => {
  await look(app, "/page/subtitles");
  await preview(app).getByText("Fixture subtitles").waitFor();
  await page.getByRole("combobox", { name: "Subtitles" }).click();
  await page.getByRole("option").first().waitFor();
  const offers = await page.getByRole("option").allInnerTexts();
  assert.equal(offers[1], "Subtitles: English", "one's own language is the first offer");
  assert.ok(offers.includes("Subtitles: Spanish"), "what the film has is offered");
  await page.getByRole("option", { name: "Other languages…" }).click();
  await page.getByRole("combobox", { name: "Other languages…" }).fill("hungarian, fr");
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Subtitles" }).filter({ hasText: "Hungarian, French" }).waitFor();
  await more(app, "Keep original file"); // other bytes than those that are there would do as well
  await send(app);
  await done(app, "Fixture subtitles");
});

test("subtitles in the player", async ({ app, page }) => {
  await app.add({ path: "/page/subtitles", options: { subtitles: ["hu", "fr"], keep_original: true } });
  await app.go("Library");
  await app.cell("Fixture subtitles").click();
  await (await app.details()).getByText("French, Hungarian").waitFor();
  await page.waitForFunction(() => document.querySelector("video")?.textTracks.length === 2);
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("c");
  const words = await page.evaluate(async () => {
    const shown = [...document.querySelector("video").textTracks].find(({ mode }) => mode === "showing");
    while (!shown.cues?.length) await new Promise(requestAnimationFrame);
    return { label: shown.label, text: shown.cues[0].text };
  });
  assert.ok(["French", "Hungarian"].includes(words.label) && words.text.length > 0, JSON.stringify(words));
  await page.keyboard.press("c");
  await page.waitForFunction(() =>
    [...document.querySelector("video").textTracks].every(({ mode }) => mode !== "showing"),
  );
  assert.equal(await page.evaluate(() => navigator.mediaSession.metadata.title), "Fixture subtitles");
});

test("parts that viewers marked are asked for where that is wished", async ({ app }) => {
  await look(app, "/media/vp9_opus.webm");
  await preview(app).waitFor();
  await more(app, "Mark sponsored segments as chapters");
  await send(app);
  await done(app, "vp9_opus");
  const { downloads } = await app.api("GET", "/api/downloads?limit=200");
  assert.ok(downloads.find(({ url }) => url.endsWith("vp9_opus.webm")).options.sponsorblock);
});

test("what happened to a download, line by line", async ({ app, page }) => {
  await app.add("/page/subtitles");
  await app.downloads();
  await app.tab("History");
  await app.row("Fixture subtitles").first().getByRole("button", { name: /^More/ }).click();
  await page.getByRole("menuitem", { name: "Download log" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("finished: done").waitFor();
  assert.ok((await dialog.getByRole("listitem").count()) >= 3);
  await app.accessible("the log");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("a site wants an account: its cookies go in, and the download goes on", async ({ app, page }) => {
  app.expected.push(/status of 422 .*\/api\/preview/); // the composer may look at the link before it is sent
  await look(app, "/auth/vp9_aac.mp4");
  await app.box().press("Enter");
  await app.tab("Needs action");
  const parked = app.download("needs_action", "vp9_aac");
  await parked.waitFor({ timeout: 30_000 });
  await parked.getByRole("button", { name: /^Add cookies/ }).click();
  const cookies = page.getByRole("region", { name: "Site cookies" });
  const site = cookies.getByRole("textbox", { name: "Site" });
  await site.waitFor(); // it is open, and knows which site
  assert.equal(await site.inputValue(), "127.0.0.1");
  const line = (host) => [host, "FALSE", "/", "FALSE", "4102444800", "sid", "ok"].join("\t");
  const text = ["# Netscape HTTP Cookie File", line("127.0.0.1"), line("elsewhere.test"), ""].join("\r\n");
  const choosing = page.waitForEvent("filechooser");
  await cookies.getByRole("button", { name: "Choose a file" }).click();
  await (await choosing).setFiles({ name: "cookies.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
  await cookies.getByRole("button", { name: "Save cookies" }).click();
  await app.toast("1 cookie ignored (other site or expired) · 1 download resumed").waitFor();
  await cookies.getByRole("button", { name: "Remove: 127.0.0.1" }).waitFor();
  await app.downloads();
  await done(app, "vp9_aac");
  await app.settings("Site cookies");
  await cookies.getByText(/worked/).waitFor();
});

test("preset, quality and folder are those of the last time, also in another browser", async ({ app, page }) => {
  await app.api("PUT", "/api/presets/Phone", { options: { max_height: 480, sponsorblock: true } });
  await app.api("POST", "/api/folders", { path: "Series" });
  await app.open("/library"); // the page has read its presets before there was one
  await page.locator("main h1").first().waitFor({ state: "attached" });
  await app.press("a");
  await app.box().fill(app.unused("/media/ok.mp4"));
  await option(app, "Preset", "Phone");
  await page.getByText("Preset: Up to 480p · Mark sponsored parts").waitFor();
  await option(app, "Quality", "Up to 720p");
  await option(app, "Folder", "Series");
  await app.accessible("the dialog with a preset");
  const sent = page.waitForRequest((one) => one.method() === "POST" && one.url().endsWith("/api/downloads"));
  await send(app);
  const { preset, folder, options } = (await sent).postDataJSON();
  assert.deepEqual(
    { preset, folder, options },
    { preset: "Phone", folder: "Series", options: { max_height: 720, audio: null } },
  );
  await app.becomes("/api/preferences", ({ download_preset: kept }) => kept === "Phone");
  const { downloads } = await app.api("GET", "/api/downloads");
  const { options: merged } = await app.api("GET", `/api/downloads/${downloads[0].id}`);
  assert.deepEqual([merged.max_height, merged.sponsorblock], [720, true]);

  await page.evaluate(() => localStorage.removeItem("mf.add.last")); // as in another browser
  await page.reload();
  await page.locator("main h1").first().waitFor({ state: "attached" }); // before that nothing hears the keys
  await app.press("a");
  await app.box().fill(app.unused("/media/ok.mp4"));
  for (const [label, value] of [
    ["Preset", "Phone"],
    ["Quality", "Up to 720p"],
    ["Folder", "Series"],
  ])
    await expect(page.getByRole("combobox", { name: label })).toHaveText(value);
});
