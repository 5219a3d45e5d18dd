// Following: what would come, what came and why, and what to do when it does not.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { accessibility } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

const { box, go, toast } = world;
const PHONE = { width: 390, height: 844 };
const WIDE = { width: 1440, height: 900 };
const heading = (name) => world.page.getByRole("heading", { level: 1, name });
const button = (name) => world.page.getByRole("button", { name, exact: true });
const entry = (title) => world.page.locator("[data-entry]", { hasText: title });
const followed = (title) => world.page.locator("[data-subscription]", { hasText: title });
const part = (name) => world.page.getByRole("group", { name: "Show" }).getByRole("button", { name, exact: true });

/** Publishes to a channel of the fixture site, or changes how it answers. */
async function publish(channel, facts) {
  const answer = await fetch(world.site.url(`/publish/${channel}?${new URLSearchParams(facts)}`));
  assert.ok(answer.ok);
}
const subscriptions = async () => (await world.api("GET", "/api/subscriptions")).subscriptions;
const picture = async (name) => {
  if (process.env.PICTURES) await world.page.screenshot({ path: `${process.env.PICTURES}/following-${name}.png` });
};
/** Opens the page of a subscription. */
const show = async (title) => {
  await go("Following");
  await followed(title).getByRole("link", { name: title }).click();
  await heading(title).waitFor();
};
/** Both themes without a mistake, and nothing wider than a phone. */
async function looksRight(name) {
  const { page } = world;
  for (const [size, viewport] of [
    ["wide", WIDE],
    ["phone", PHONE],
  ]) {
    await page.setViewportSize(viewport);
    await world.accessible(`${name}, ${size}`);
    const over = await page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll("main, main > div")].map(
        (each) => each.scrollWidth - each.clientWidth,
      ),
    );
    assert.ok(Math.max(...over) <= 0, `${name}, ${size}: wider than its window by ${over}`);
    await picture(`${name}-${size}`);
  }
  await page.setViewportSize(WIDE);
}

interaction("nothing is followed yet: the page says what following does, and takes a link", async () => {
  const { page } = world;
  await go("Following");
  await heading("Following").waitFor();
  await page.getByRole("heading", { name: "Follow a channel" }).waitFor();
  assert.match(await page.title(), /^Following · /);
  await looksRight("empty");
  await page.getByRole("textbox", { name: "Paste a channel or playlist…" }).fill(world.site.url("/media/a.mp3"));
  page.expected.push(/status of 400|status of 422/);
  await button("Preview").click();
  await page.getByText("This link is one video").waitFor({ timeout: 60_000 });
});

interaction("a list is followed from the box for links, after its dry run", async () => {
  const { page } = world;
  const films = [
    ["Winter on the upper lake", 1985, 400],
    ["Short heron", 38, 60],
    ["A trailer of the season", 720, 40],
    ["The weir and the eel", 1720, 30],
    ["Salt and slow water", 1863, 10],
    ["A delta seen from a canoe", 2596, 2],
  ];
  for (const [title, seconds, days] of films) await publish("rivers", { name: "Slow Rivers", title, seconds, days });
  await go("Downloads");
  await box().fill(world.site.url("/channel/rivers"));
  await page.getByText("Follow it instead?").waitFor({ timeout: 60_000 });
  await world.accessible("the composer of a list");
  await picture("composer");
  await page.getByRole("link", { name: "Follow…" }).click();
  await heading("Follow Slow Rivers").waitFor({ timeout: 60_000 });
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
  await looksRight("dry-run");
  await button("Follow and download 3").click();
  await heading("Slow Rivers").waitFor();
  await page.locator("[data-decision=done]").nth(2).waitFor({ timeout: 60_000 });
  await part("Downloaded 3").waitFor();
});

interaction("why is this not here: every item of the list has its decision and its reason", async () => {
  const { page } = world;
  await show("Slow Rivers");
  await entry("Short heron").getByText("Shorter than 5 min").waitFor();
  await looksRight("subscription");
  await part("Skipped 3").click();
  await page.locator("[data-decision=done]").first().waitFor({ state: "detached" });
  assert.equal(await page.locator("[data-entry]").count(), 3);
  await part("Not downloaded 3").click();
  await page.getByRole("searchbox", { name: "Find an item…" }).fill("WINTER");
  await entry("Short heron").waitFor({ state: "detached" });
  await entry("Winter on the upper lake").getByText("Published more than 90 days ago").waitFor();
  await page.getByRole("searchbox").fill("nothing of the kind");
  await page.getByText("No item of this list matches.").waitFor();
  await page.getByRole("searchbox").fill("");
  await part("All 6").click();
  await entry("Short heron")
    .getByRole("button", { name: /^Download anyway/ })
    .click();
  await toast("Added to the queue").waitFor();
  await page.locator("[data-decision=done]", { hasText: "Short heron" }).waitFor({ timeout: 60_000 });
  await entry("Short heron").getByText("You requested it").waitFor();
});

interaction("what is published appears by itself, and its item names the subscription", async () => {
  const { page } = world;
  await publish("rivers", { title: "A mill, and who feeds it", seconds: 1752, days: 0 });
  await show("Slow Rivers");
  await button("Check now").click();
  await entry("A mill, and who feeds it").waitFor({ timeout: 60_000 });
  await page.getByText("1 new", { exact: true }).waitFor();
  await entry("A mill, and who feeds it").getByRole("link", { name: /^Play/ }).click({ timeout: 60_000 });
  await page.locator("video").waitFor();
  const link = page.getByRole("link", { name: "From Slow Rivers" });
  await link.waitFor();
  await world.accessible("the item");
  await link.click();
  await heading("Slow Rivers").waitFor();
  await go("Home");
  const shelf = page.getByRole("region", { name: "New from what you follow" });
  await shelf.getByText("A mill, and who feeds it").waitFor();
  await picture("home");
});

interaction("a changed filter decides again on what was skipped", async () => {
  const { page } = world;
  await go("Following");
  await followed("Slow Rivers").getByText("5 of 7").locator("visible=true").first().waitFor();
  await looksRight("list");
  await show("Slow Rivers");
  await button("Edit: What is downloaded").click();
  const dialog = page.locator("[data-slot=dialog]");
  await world.accessible("the wishes of a subscription");
  await picture("edit");
  page.expected.push(/status of 400/);
  await dialog.getByRole("textbox", { name: "Title without" }).fill("(");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByRole("alert").getByText("The pattern is not a regular expression").waitFor();
  await dialog.getByRole("textbox", { name: "Title without" }).fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await toast("Saved. 1 more item is wanted now.").waitFor();
  await dialog.waitFor({ state: "detached" });
  await page.locator("[data-decision=done]", { hasText: "A trailer of the season" }).waitFor({ timeout: 60_000 });
});

interaction("what would go to the trash is shown before, and an item is kept", async () => {
  const { page } = world;
  await show("Slow Rivers");
  await button("Edit: How long it stays").click();
  const dialog = page.locator("[data-slot=dialog]");
  await dialog.getByRole("spinbutton", { name: "Keep the last" }).fill("3");
  await dialog.getByText("3 items go to the trash next").waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  const card = page.getByRole("region", { name: "How long it stays" });
  await card.getByText("Only the last 3 items").waitFor();
  await card.getByText("3 items go to the trash next").waitFor();
  await picture("retention");
  await card.getByRole("button", { name: "Keep these" }).click();
  await card.getByText("3 items go to the trash next").waitFor({ state: "detached" });
  await card.getByRole("button", { name: /^Edit/ }).click();
  await dialog.getByRole("spinbutton", { name: "Keep the last" }).fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await card.getByText("Everything stays.").waitFor();
});

interaction("hours, daily limits and a preset are set, and shown", async () => {
  const { page } = world;
  await show("Slow Rivers");
  await button("Edit: When it downloads").click();
  const dialog = page.locator("[data-slot=dialog]").first();
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
  await world.accessible("the presets");
  await picture("presets");
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
  await page.getByRole("region", { name: "Where" }).getByText("Small").waitFor();
  await looksRight("limits");
  const [one] = await subscriptions();
  assert.equal(one.preset, "Small");
  assert.equal(one.schedule.daily_bytes, 2.5e9);
  await world.api("PATCH", `/api/subscriptions/${one.id}`, { schedule: {}, preset: "" });
  await card.getByText("At any time, without limits.").waitFor();
  await world.api("DELETE", "/api/presets/Small");
});

interaction("subscriptions are exported to a file, and imported from one", async () => {
  const { page } = world;
  await go("Following");
  await button("Actions for all").click();
  const saved = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Export (OPML)" }).click();
  const path = await (await saved).path();
  const opml = await readFile(path, "utf8");
  assert.ok(opml.includes(world.site.url("/channel/rivers")), opml);
  const more = `<outline text="Gardens"><outline text="Moss" xmlUrl="${world.site.url("/channel/moss")}"/></outline>`;
  await publish("moss", { name: "Moss" });
  await button("Actions for all").click();
  await page.getByRole("menuitem", { name: "Import…" }).click();
  const dialog = page.getByRole("dialog", { name: "Import subscriptions" });
  page.expected.push(/status of 400|status of 422/);
  const file = (text) => ({ name: "following.opml", mimeType: "text/xml", buffer: Buffer.from(text) });
  await dialog.getByLabel("File").setInputFiles(file("no list"));
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("File").setInputFiles(file(opml.replace("</body>", `${more}</body>`)));
  await dialog.getByText("1 new link · 1 followed already").waitFor();
  await world.accessible("the import of subscriptions");
  await picture("import");
  await dialog.getByRole("button", { name: "Follow 1" }).click();
  await followed("Moss").waitFor();
  const moss = (await subscriptions()).find(({ title }) => title === "Moss");
  assert.equal(moss.folder, "Gardens");
  await button("Actions for all").click();
  await page.getByRole("menuitem", { name: "Check all now" }).click();
  await toast("2 channels and lists are checked now").waitFor();
  await world.api("DELETE", `/api/subscriptions/${moss.id}`);
  await followed("Moss").waitFor({ state: "detached" });
});

interaction("a subscription is paused and resumed", async () => {
  const { page } = world;
  await show("Slow Rivers");
  await button("Pause").filter({ hasText: "Pause" }).click(); // a player that is open has one too, without text
  await page.getByText("Paused", { exact: true }).first().waitFor();
  await button("Check now").waitFor({ state: "detached" });
  assert.equal((await subscriptions())[0].state, "paused");
  await button("Resume").click();
  await button("Check now").waitFor();
});

interaction("a source that fails says since when and why, and is tried again", async () => {
  const { page } = world;
  await publish("rivers", { status: 404 });
  await show("Slow Rivers");
  await button("Check now").click();
  const streak = page.getByText(/1 check failed since/);
  await streak.waitFor({ timeout: 60_000 });
  await page.getByText("If it moved, enter its new link.").waitFor();
  await looksRight("failing");
  await button("Change link…").click();
  const dialog = page.locator("[data-slot=dialog]");
  await dialog.getByRole("textbox", { name: "Link" }).fill(`${world.site.url("/channel/rivers")}?moved`);
  await world.accessible("the new link of a subscription");
  await picture("link");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await streak.waitFor({ timeout: 60_000 });
  await go("Following");
  await followed("Slow Rivers")
    .getByText(/Nothing is lost/)
    .waitFor();
  await page.getByRole("group", { name: "Show" }).getByRole("button", { name: "Failing" }).click();
  await followed("Slow Rivers").waitFor();
  await picture("list-failing");
  await publish("rivers", {});
  await followed("Slow Rivers").getByRole("button", { name: "Retry" }).click();
  await page.getByText("No channel matches").waitFor({ timeout: 60_000 });
});

interaction("a source that wants an account waits for its cookies", async () => {
  const { page } = world;
  await publish("members", { name: "Members only", title: "The lock at night", seconds: 60, cookie: "sid=ok" });
  await world.api("POST", "/api/subscriptions", {
    url: world.site.url("/channel/members"),
    title: "Members only",
    backfill: "all",
  });
  await go("Following");
  await followed("Members only").getByRole("button", { name: "Add cookies…" }).click({ timeout: 60_000 });
  page.expected.push(/status of 404.*api\/extension/); // no package was built
  await page.getByRole("region", { name: "Site cookies" }).getByRole("textbox", { name: "Site" }).waitFor();
  const line = ["127.0.0.1", "FALSE", "/", "FALSE", "4102444800", "sid", "ok"].join("\t");
  await world.api("PUT", "/api/cookies/127.0.0.1", { text: `# Netscape HTTP Cookie File\n${line}\n` });
  const parked = (await subscriptions()).find(({ title }) => title === "Members only");
  await world.api("POST", `/api/subscriptions/${parked.id}/check`); // at the next tick it would be by itself
  await go("Following");
  await followed("Members only").getByText("1 of 1").locator("visible=true").first().waitFor({ timeout: 60_000 });
});

interaction("the navigation of a phone is one row, and no word of it is cut, in any language", async () => {
  const { page } = world;
  try {
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
      await picture(`bar-${locale}`);
    }
    await page.getByRole("button", { name: "Mehr", exact: true }).click();
    await page.getByRole("menuitem", { name: "Papierkorb" }).click();
    await page.waitForURL("**/trash");
  } finally {
    await page.evaluate(() => localStorage.removeItem("mf.locale"));
    await page.setViewportSize(WIDE);
    await page.reload();
  }
});

interaction("French has words for following", async () => {
  const { page, server } = world;
  const [one] = (await subscriptions()).filter(({ title }) => title === "Slow Rivers");
  await page.evaluate(() => localStorage.setItem("mf.locale", "fr"));
  try {
    for (const path of ["/following", `/following/${one.id}`, `/following/new?url=${encodeURIComponent(one.url)}`]) {
      await page.goto(server.url + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.locator("[data-subscription], [data-entry], [data-decision]").first().waitFor({ timeout: 60_000 });
      assert.ok(
        !/\b(follow|dry|sub|why)\.\w/.test(await page.locator("main").innerText()),
        `${path}: a key without words`,
      );
      assert.deepEqual(await accessibility(page), [], path);
      await picture(`fr${path.split("?")[0].replaceAll("/", "-")}`);
    }
    page.expected.push(/status of 409/);
    await page.getByRole("button", { name: /^Suivre/ }).click();
    await toast("Vous suivez déjà ce lien").waitFor();
  } finally {
    await page.evaluate(() => localStorage.removeItem("mf.locale"));
    await page.reload();
  }
});

interaction("a subscription ends, and what came by it stays", async () => {
  const { page } = world;
  await go("Following");
  await followed("Slow Rivers")
    .getByRole("button", { name: /^More actions/ })
    .click();
  await page.getByRole("menuitem", { name: "Unfollow…" }).click();
  await page.getByText("What you have stays in your library").waitFor();
  await world.accessible("the question before the end");
  await page.locator("[data-slot=dialog]").getByRole("button", { name: "Unfollow" }).click();
  await followed("Slow Rivers").waitFor({ state: "detached" });
  const { items } = await world.api("GET", "/api/items?q=mill");
  assert.equal(items.length, 1);
  assert.equal((await world.api("GET", `/api/items/${items[0].id}`)).subscription, null);
});
