// Following: what would come, what came and why, and what to do when it does not.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { expect, test } from "./fixtures.mjs";
import { accessibility } from "./harness.mjs";

const FILMS = [
  ["Winter on the upper lake", 1985, 400],
  ["Short heron", 38, 60],
  ["A trailer of the season", 720, 40],
  ["The weir and the eel", 1720, 30],
  ["Salt and slow water", 1863, 10],
  ["A delta seen from a canoe", 2596, 2],
].map(([title, seconds, days]) => ({ title, seconds, days }));
const MILL = { title: "A mill, and who feeds it", seconds: 1752, days: 0 };
/** Three of the films pass: one is too old, one is short, one is a trailer. */
const FILTER = { title_exclude: "trailer|teaser", min_duration: 300, since: "90d" };
const RIVERS = "Slow Rivers";
const PHONE = { width: 390, height: 844 };
const WIDE = { width: 1440, height: 900 };
let channels = 0;

/** Publishes to a channel of the fixture site, or changes how it answers. */
async function publish(app, channel, facts) {
  const answer = await fetch(app.site.url(`/publish/${channel}?${new URLSearchParams(facts)}`));
  assert.ok(answer.ok);
}

/** A channel of this test alone, with these films. Returns: its name. */
async function channelOf(app, ...films) {
  const channel = `rivers${++channels}`;
  await publish(app, channel, { name: RIVERS });
  for (const film of films) await publish(app, channel, film);
  return channel;
}

/** The channel of all films. Tests only look at it: what one of them fetched is known to the next. */
async function rivers(app) {
  app.site.rivers ??= channelOf(app, ...FILMS);
  return app.site.rivers;
}

/** Follows a channel and waits until its first check has ended, with so many items. */
async function follows(app, channel, wishes = {}, items = 0) {
  const url = app.site.url(`/channel/${channel}`);
  const { id } = await app.api("POST", "/api/subscriptions", { url, title: RIVERS, backfill: "all", ...wishes });
  await app.becomes(`/api/subscriptions/${id}`, (one) => one.checked_at && one.counts.done === items);
  return id;
}

/** Opens the page of a subscription. */
const show = async (app, id) => {
  await app.open(`/following/${id}`);
  await app.title(RIVERS).waitFor();
};

const button = (app, name) => app.page.getByRole("button", { name, exact: true });
const entry = (app, title) => app.page.locator("[data-entry]", { hasText: title });
const followed = (app, title) => app.page.locator("[data-subscription]", { hasText: title });
const dialogOf = (app) => app.page.locator("[data-slot=dialog]").first();
const part = (app, name) => app.page.getByRole("group", { name: "Show" }).getByRole("button", { name, exact: true });

/** Both themes without a mistake, and nothing wider than a phone. */
async function looksRight(app, name) {
  for (const [size, viewport] of [
    ["wide", WIDE],
    ["phone", PHONE],
  ]) {
    await app.page.setViewportSize(viewport);
    await app.accessible(`${name}, ${size}`);
    await app.fits(`${name}, ${size}`);
  }
  await app.page.setViewportSize(WIDE);
}

test("nothing is followed yet: the page says what following does, and takes a link", async ({ app, page }) => {
  await app.go("Following");
  await app.title("Following").waitFor();
  await page.getByRole("heading", { name: "Follow a channel" }).waitFor();
  await expect(page).toHaveTitle(/^Following · /);
  await looksRight(app, "empty");
  await page.getByRole("textbox", { name: "Paste a channel or playlist…" }).fill(app.site.url("/media/a.mp3"));
  app.expected.push(/status of 400|status of 422/);
  await button(app, "Preview").click();
  await page.getByText("This link is one video").waitFor({ timeout: 60_000 });
});

test("a list is followed from the box for links, after its dry run", async ({ app, page }) => {
  const url = app.site.url(`/channel/${await rivers(app)}`);
  await app.downloads();
  await app.box().fill(url);
  await page.getByText("Follow it instead?").waitFor({ timeout: 60_000 });
  await app.accessible("the composer of a list");
  await page.getByRole("link", { name: "Follow…" }).click();
  await app.title("Follow Slow Rivers").waitFor({ timeout: 60_000 });
  const sum = page.getByRole("region", { name: "Would be downloaded" });
  await sum.getByText("0 of 6 videos").waitFor();
  await page.getByRole("radio", { name: "Everything that passes the filter" }).check();
  await sum.getByText("6 of 6 videos").waitFor();
  await page.getByRole("textbox", { name: "Title without" }).fill("trailer|teaser");
  await sum.getByText("5 of 6 videos").waitFor();
  await page.getByText("Title contains “trailer|teaser”").waitFor();
  await page.getByRole("spinbutton", { name: "At least" }).fill("5");
  await sum.getByText("4 of 6 videos").waitFor();
  await sum.getByText("1 fewer than before").waitFor();
  await page.getByText("Shorter than 5 min").waitFor();
  await page.getByRole("combobox", { name: "Published" }).click();
  await page.getByRole("option", { name: "In the last 90 days" }).click();
  await sum.getByText("3 of 6 videos").waitFor();
  await looksRight(app, "dry-run");
  await button(app, "Follow and download 3").click();
  await app.title(RIVERS).waitFor();
  await page.locator("[data-decision=done]").nth(2).waitFor({ timeout: 60_000 });
  await part(app, "Downloaded 3").waitFor();
});

test("why is this not here: every item of the list has its decision and its reason", async ({ app, page }) => {
  await show(app, await follows(app, await rivers(app), { filter: FILTER }, 3));
  await entry(app, "Short heron").getByText("Shorter than 5 min").waitFor();
  await looksRight(app, "subscription");
  await part(app, "Skipped 3").click();
  await page.locator("[data-decision=done]").first().waitFor({ state: "detached" });
  assert.equal(await page.locator("[data-entry]").count(), 3);
  await part(app, "Not downloaded 3").click();
  await page.getByRole("searchbox", { name: "Find an item…" }).fill("WINTER");
  await entry(app, "Short heron").waitFor({ state: "detached" });
  await entry(app, "Winter on the upper lake").getByText("Published more than 90 days ago").waitFor();
  await page.getByRole("searchbox").fill("nothing of the kind");
  await page.getByText("No item of this list matches.").waitFor();
  await page.getByRole("searchbox").fill("");
  await part(app, "All 6").click();
  await entry(app, "Short heron")
    .getByRole("button", { name: /^Download anyway/ })
    .click();
  await app.toast("Added to the queue").waitFor();
  await page.locator("[data-decision=done]", { hasText: "Short heron" }).waitFor({ timeout: 60_000 });
  await entry(app, "Short heron").getByText("You requested it").waitFor();
});

test("what is published appears by itself, and its item names the subscription", async ({ app, page }) => {
  const channel = await channelOf(app);
  const id = await follows(app, channel, { backfill: "new" });
  await publish(app, channel, MILL);
  await show(app, id);
  await button(app, "Check now").click();
  await entry(app, MILL.title).waitFor({ timeout: 60_000 });
  await page.getByText("1 new", { exact: true }).waitFor();
  await entry(app, MILL.title).getByRole("link", { name: /^Play/ }).click({ timeout: 60_000 });
  await app.media().waitFor();
  const link = page.getByRole("link", { name: "From Slow Rivers" });
  await link.waitFor();
  await app.accessible("the item");
  await link.click();
  await app.title(RIVERS).waitFor();
  await app.go("Home");
  await page.getByRole("region", { name: "New from what you follow" }).getByText(MILL.title).waitFor();
});

test("a changed filter decides again on what was skipped", async ({ app, page }) => {
  const id = await follows(app, await rivers(app), { filter: FILTER }, 3);
  await app.go("Following");
  await followed(app, RIVERS).getByText("3 of 6").locator("visible=true").first().waitFor();
  await looksRight(app, "list");
  await show(app, id);
  await button(app, "Edit: Content").click();
  const dialog = dialogOf(app);
  await app.accessible("the wishes of a subscription");
  app.expected.push(/status of 400/);
  await dialog.getByRole("textbox", { name: "Title without" }).fill("(");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByRole("alert").getByText("The pattern is not a regular expression").waitFor();
  await dialog.getByRole("textbox", { name: "Title without" }).fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await app.toast("Saved. 1 more item is wanted now.").waitFor();
  await dialog.waitFor({ state: "detached" });
  await page.locator("[data-decision=done]", { hasText: "A trailer of the season" }).waitFor({ timeout: 60_000 });
});

test("what would go to the trash is shown before, and an item is kept", async ({ app, page }) => {
  await show(app, await follows(app, await rivers(app), {}, 6));
  await button(app, "Edit: How long it stays").click();
  const dialog = dialogOf(app);
  await dialog.getByRole("spinbutton", { name: "Keep the last" }).fill("3");
  await dialog.getByText("3 items go to the trash next").waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const card = page.getByRole("region", { name: "How long it stays" });
  await card.getByText("Only the last 3 items").waitFor();
  await card.getByText("3 items go to the trash next").waitFor();
  await card.getByRole("button", { name: "Keep these" }).click();
  await card.getByText("3 items go to the trash next").waitFor({ state: "detached" });
  await card.getByRole("button", { name: /^Edit/ }).click();
  await dialog.getByRole("spinbutton", { name: "Keep the last" }).fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await card.getByText("Everything stays.").waitFor();
});

test("hours, daily limits and a preset are set, and shown", async ({ app, page }) => {
  const id = await follows(app, await channelOf(app), { backfill: "new" });
  await show(app, id);
  await button(app, "Edit: When it downloads").click();
  const dialog = dialogOf(app);
  await dialog.getByRole("switch", { name: "Only at some hours" }).click();
  await dialog.getByLabel("Until").fill("07:30");
  await dialog.getByRole("spinbutton", { name: "Downloads a day" }).fill("5");
  await dialog.getByRole("spinbutton", { name: "GB a day" }).fill("2.5");
  await dialog.getByRole("spinbutton", { name: "Pause between two (seconds)" }).fill("90");
  await dialog.getByRole("button", { name: "Presets…" }).click();
  const presets = page.getByRole("dialog", { name: "Presets" });
  await presets.getByRole("textbox", { name: "Name of the preset" }).fill("Small");
  await presets.getByRole("combobox", { name: "Quality" }).click();
  await page.getByRole("option", { name: "Up to 480p" }).click();
  await presets.getByRole("textbox", { name: "Subtitles" }).fill("en, fr");
  await app.accessible("the presets");
  await presets.getByRole("button", { name: "Save preset" }).click();
  await presets.getByRole("list", { name: "Presets" }).getByText("Subtitles: en, fr").waitFor();
  await page.keyboard.press("Escape");
  await presets.waitFor({ state: "detached" });
  await dialog.getByRole("combobox", { name: "Preset" }).getByText("Small").waitFor();
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const card = page.getByRole("region", { name: "When it downloads" });
  for (const text of ["From 22:00 to 07:30 only", "At most 5 downloads a day", "At most 2.5 GB a day"])
    await card.getByText(text).waitFor();
  await page.getByRole("region", { name: "Location" }).getByText("Small").waitFor();
  await looksRight(app, "limits");
  const one = await app.api("GET", `/api/subscriptions/${id}`);
  assert.equal(one.preset, "Small");
  assert.equal(one.schedule.daily_bytes, 2.5e9);
  await app.api("PATCH", `/api/subscriptions/${id}`, { schedule: {}, preset: "" });
  await card.getByText("At any time, without limits.").waitFor();
  await app.api("DELETE", "/api/presets/Small");
});

test("subscriptions are exported to a file, and imported from one", async ({ app, page }) => {
  const channel = await channelOf(app);
  await follows(app, channel, { backfill: "new" });
  await app.go("Following");
  await button(app, "Actions for all").click();
  const saved = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Export (OPML)" }).click();
  const opml = await readFile(await (await saved).path(), "utf8");
  assert.ok(opml.includes(app.site.url(`/channel/${channel}`)), opml);
  const more = `<outline text="Gardens"><outline text="Moss" xmlUrl="${app.site.url("/channel/moss")}"/></outline>`;
  await publish(app, "moss", { name: "Moss" });
  await button(app, "Actions for all").click();
  await page.getByRole("menuitem", { name: "Import…" }).click();
  const dialog = page.getByRole("dialog", { name: "Import subscriptions" });
  app.expected.push(/status of 400|status of 422/);
  const file = (text) => ({ name: "following.opml", mimeType: "text/xml", buffer: Buffer.from(text) });
  await dialog.getByLabel("File").setInputFiles(file("no list"));
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("File").setInputFiles(file(opml.replace("</body>", `${more}</body>`)));
  await dialog.getByText("1 new link · 1 followed already").waitFor();
  await app.accessible("the import of subscriptions");
  await dialog.getByRole("button", { name: "Follow 1" }).click();
  await followed(app, "Moss").waitFor();
  const { subscriptions } = await app.api("GET", "/api/subscriptions");
  const moss = subscriptions.find(({ title }) => title === "Moss");
  assert.equal(moss.folder, "Gardens");
  await button(app, "Actions for all").click();
  await page.getByRole("menuitem", { name: "Check all now" }).click();
  await app.toast(/\d+ channels and lists are checked now/).waitFor(); // with those of other tests of this server
  await app.api("DELETE", `/api/subscriptions/${moss.id}`);
  await followed(app, "Moss").waitFor({ state: "detached" });
});

test("a subscription is paused and resumed", async ({ app, page }) => {
  const id = await follows(app, await channelOf(app), { backfill: "new" });
  await show(app, id);
  await button(app, "Pause").filter({ hasText: "Pause" }).click(); // a player that is open has one too, without text
  await page.getByText("Paused", { exact: true }).first().waitFor();
  await button(app, "Check now").waitFor({ state: "detached" });
  assert.equal((await app.api("GET", `/api/subscriptions/${id}`)).state, "paused");
  await button(app, "Resume").click();
  await button(app, "Check now").waitFor();
});

test("a source that fails says since when and why, and is tried again", async ({ app, page }) => {
  const channel = await channelOf(app);
  const id = await follows(app, channel, { backfill: "new" });
  await publish(app, channel, { status: 404 });
  await show(app, id);
  await button(app, "Check now").click();
  const streak = page.getByText(/1 check failed since/);
  await streak.waitFor({ timeout: 60_000 });
  await page.getByText("If it moved, enter its new link.").waitFor();
  await looksRight(app, "failing");
  await button(app, "Change link…").click();
  const dialog = dialogOf(app);
  await dialog.getByRole("textbox", { name: "Link" }).fill(`${app.site.url(`/channel/${channel}`)}?moved`);
  await app.accessible("the new link of a subscription");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await streak.waitFor({ timeout: 60_000 });
  await app.go("Following");
  await followed(app, RIVERS)
    .getByText(/Nothing is lost/)
    .waitFor();
  await page.getByRole("group", { name: "Show" }).getByRole("button", { name: "Failing" }).click();
  await followed(app, RIVERS).waitFor();
  await publish(app, channel, {});
  await followed(app, RIVERS).getByRole("button", { name: "Retry" }).click();
  await page.getByText("No channel matches").waitFor({ timeout: 60_000 });
});

test("a source that wants an account waits for its cookies", async ({ app, page }) => {
  const film = { title: "The lock at night", seconds: 60 };
  await publish(app, "members", { name: "Members only", ...film, cookie: "sid=ok" });
  const url = app.site.url("/channel/members");
  const wish = { url, title: "Members only", backfill: "all" };
  const { id } = await app.api("POST", "/api/subscriptions", wish);
  await app.go("Following");
  await followed(app, "Members only").getByRole("button", { name: "Add cookies…" }).click({ timeout: 60_000 });
  app.expected.push(/status of 404.*api\/extension/); // no package was built
  await page.getByRole("region", { name: "Site cookies" }).getByRole("textbox", { name: "Site" }).waitFor();
  const line = ["127.0.0.1", "FALSE", "/", "FALSE", "4102444800", "sid", "ok"].join("\t");
  await app.api("PUT", "/api/cookies/127.0.0.1", { text: `# Netscape HTTP Cookie File\n${line}\n` });
  await app.api("POST", `/api/subscriptions/${id}/check`); // at the next tick it would be by itself
  await app.go("Following");
  await followed(app, "Members only").getByText("1 of 1").locator("visible=true").first().waitFor({ timeout: 60_000 });
});

test("the navigation of a phone is one row, and no word of it is cut, in any language", async ({ app, page }) => {
  await app.title("Home").waitFor({ state: "attached" });
  for (const locale of ["en", "fr", "de"]) {
    await page.evaluate((value) => localStorage.setItem("mf.locale", value), locale);
    await page.reload();
    await page.waitForFunction((value) => document.documentElement.lang === value, locale);
    for (const width of [320, 360, 390, 640]) {
      await page.setViewportSize({ width, height: 800 });
      const bar = page.locator("nav:visible");
      await bar.locator(":scope > button").first().waitFor(); // the language is set before the page is drawn
      const places = await bar.locator(":scope > a, :scope > button").evaluateAll((all) =>
        all.map((each) => {
          const words = document.createRange();
          words.selectNodeContents(each);
          const [box, text] = [each.getBoundingClientRect(), words.getBoundingClientRect()];
          return {
            top: box.top,
            cut: Math.max(box.left - text.left, text.right - box.right) > 0.5,
            right: box.right,
          };
        }),
      );
      assert.equal(places.length, 6);
      assert.equal(new Set(places.map(({ top }) => top)).size, 1, `one row, ${locale} at ${width} px`);
      assert.ok(!places.some(({ cut, right }) => cut || right > width), `${locale} at ${width} px: a word is cut`);
    }
    await page.setViewportSize(PHONE);
  }
  await page.getByRole("button", { name: "Mehr", exact: true }).click();
  await page.getByRole("menuitem", { name: "Papierkorb" }).click();
  await page.waitForURL("**/trash");
});

test("French has words for following", async ({ app, page }) => {
  const channel = await rivers(app);
  const id = await follows(app, channel, { filter: FILTER }, 3);
  await page.evaluate(() => localStorage.setItem("mf.locale", "fr"));
  const form = `/following/new?url=${encodeURIComponent(app.site.url(`/channel/${channel}`))}`;
  for (const path of ["/following", `/following/${id}`, form]) {
    await app.open(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.locator("[data-subscription], [data-entry], [data-decision]").first().waitFor({ timeout: 60_000 });
    assert.ok(
      !/\b(follow|dry|sub|why)\.\w/.test(await page.locator("main").innerText()),
      `${path}: a key without words`,
    );
    assert.deepEqual(await accessibility(page), [], path);
  }
  app.expected.push(/status of 409/);
  await page.getByRole("button", { name: /^Suivre/ }).click();
  await app.toast("Vous suivez déjà ce lien").waitFor();
});

test("a subscription ends, and what came by it stays", async ({ app, page }) => {
  await follows(app, await channelOf(app, MILL), {}, 1);
  await app.go("Following");
  await followed(app, RIVERS)
    .getByRole("button", { name: /^More actions/ })
    .click();
  await page.getByRole("menuitem", { name: "Unfollow…" }).click();
  await page.getByText("Your items stay in the library").waitFor();
  await app.accessible("the question before the end");
  await page.locator("[data-slot=dialog]").getByRole("button", { name: "Unfollow" }).click();
  await followed(app, RIVERS).waitFor({ state: "detached" });
  const { items } = await app.api("GET", "/api/items?q=mill");
  assert.equal(items.length, 1);
  assert.equal((await app.api("GET", `/api/items/${items[0].id}`)).subscription, null);
});
