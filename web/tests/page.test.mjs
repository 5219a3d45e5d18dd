// The whole way of a person through the page, on a real server with real downloads. The tests build on each other.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessibility, launch, open, PERSON, signIn, startServer, startSite } from "./harness.mjs";

let site;
let server;
let browser;
let page;

before(async () => {
  site = await startSite();
  server = await startServer(`127.0.0.1:${site.port}`);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await site?.stop();
});

const box = () => page.getByRole("textbox", { name: "Paste a link" });
const download = (state, name) => page.locator(`[data-download][data-state=${state}]`, { hasText: name });
const cell = (title) => page.getByRole("gridcell", { name: title }).first();
const go = (name) => page.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name }).click();
const fine = () => assert.deepEqual(page.wrong, []);

test("the first run makes an account with the one-time code", async () => {
  page = await open(browser, server.url);
  page.expected.push(/status of 403/);
  await page.getByLabel("One-time code").fill("AAAA-AAAA-AAAA-AAAA");
  await page.getByLabel("Name", { exact: true }).fill(PERSON.name);
  await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("alert").filter({ hasText: "The one-time code is wrong" }).waitFor();
  assert.deepEqual(await accessibility(page), []);
  await page.getByLabel("One-time code").fill(server.setupCode());
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Nothing is downloading").waitFor();
  fine();
});

test("a pasted link shows its progress and ends in the library", async () => {
  await box().fill(`${site.url("/slow/60/ok.mp4")}`);
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const bar = page.getByRole("progressbar");
  await bar.waitFor();
  await page.waitForFunction(() => {
    const now = Number(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow"));
    return now > 10 && now < 90;
  });
  await download("done", "ok").waitFor();
  await go("Library");
  await cell("ok").waitFor();
  fine();
});

test("several links at once, into a new folder; what is no link is refused with words", async () => {
  await go("Dashboard");
  page.expected.push(/status of 400/);
  await box().fill(`${site.url("/media/vp9_opus.webm")}\n${site.url("/media/a.mp3")}\nhttp://127.0.0.1:99999/x.mp4`);
  await page.getByRole("combobox", { name: "Folder" }).click();
  await page.getByRole("option", { name: "New folder…" }).click();
  await page.getByRole("textbox", { name: "New folder" }).fill("Trips/Sea");
  await page.getByRole("button", { name: /^Download/ }).click();
  await page.getByRole("alert").filter({ hasText: "That is not a link" }).waitFor();
  await download("done", "vp9_opus").waitFor({ timeout: 60_000 });
  await page
    .locator("[data-download][data-state=done]")
    .filter({ has: page.getByText("a", { exact: true }) })
    .waitFor();
  await page.getByRole("treeitem", { name: "Trips" }).waitFor();
  await box().fill("");
  fine();
});

test("a link that fails needs attention in words, and can be cleared", async () => {
  await box().fill(site.url("/status/404/film.mp4"));
  await box().press("Enter");
  const failed = page.locator("[data-download][data-state=failed]");
  await failed.getByText("There is nothing at that link any more").waitFor({ timeout: 30_000 });
  await failed.getByRole("button", { name: /^More/ }).click();
  await page.getByRole("menuitem", { name: "Clear from the list" }).click();
  await failed.waitFor({ state: "detached" });
  fine();
});

test("pause, resume and cancel", async () => {
  await box().fill(site.url("/slow/20/h264_aac.mkv"));
  await box().press("Enter");
  const row = page.locator("[data-download]", { hasText: "h264_aac" });
  await page.locator("[data-download][data-state=running]", { hasText: "h264_aac" }).waitFor();
  await row.getByRole("button", { name: /^Pause/ }).click();
  await download("paused", "h264_aac").waitFor();
  await row.getByRole("button", { name: /^Resume/ }).click();
  await download("running", "h264_aac").waitFor({ timeout: 30_000 });
  await row.getByRole("button", { name: /^More/ }).click();
  await page.getByRole("menuitem", { name: "Cancel" }).click();
  await download("cancelled", "h264_aac").waitFor();
  fine();
});

test("an item plays, seeks, and remembers where it was left", async () => {
  await go("Library");
  await cell("ok").click();
  const video = page.locator("video");
  await video.waitFor();
  const played = await video.evaluate(async (media) => {
    media.muted = true;
    await media.play();
    await new Promise((done) => media.addEventListener("timeupdate", done, { once: true }));
    const from = media.currentTime;
    while (media.currentTime <= from + 0.2)
      await new Promise((done) => media.addEventListener("timeupdate", done, { once: true }));
    media.pause();
    media.currentTime = 2.5;
    await new Promise((done) => media.addEventListener("seeked", done, { once: true }));
    return {
      width: media.videoWidth,
      height: media.videoHeight,
      advanced: media.currentTime,
      duration: media.duration,
    };
  });
  assert.ok(played.width > 0 && played.height > 0, "there is a picture");
  assert.ok(Math.abs(played.advanced - 2.5) < 0.3, "it seeks");
  assert.ok(played.duration > 3);
  fine();
});

test("the position is told to the server", async () => {
  const id = page.url().split("/").at(-1);
  await page.getByRole("link", { name: "Back to library" }).click();
  let position = 0;
  for (const end = Date.now() + 10_000; Math.abs(position - 2.5) > 0.5 && Date.now() < end; )
    ({ position } = await (await page.request.get(`${server.url}/api/items/${id}`)).json());
  assert.ok(Math.abs(position - 2.5) < 0.5, `position ${position}`);
  fine();
});

test("an audio item plays", async () => {
  await page.getByRole("treeitem", { name: "Trips" }).click();
  await page
    .getByRole("gridcell")
    .filter({ has: page.getByText("a", { exact: true }) })
    .click();
  await page.locator("audio").waitFor();
  const time = await page.locator("audio").evaluate(async (media) => {
    media.muted = true;
    await media.play();
    while (media.currentTime < 0.3)
      await new Promise((done) => media.addEventListener("timeupdate", done, { once: true }));
    return media.currentTime;
  });
  assert.ok(time >= 0.3);
  fine();
});

test("to the trash and back: undo, then restore, then for good", async () => {
  await go("Library");
  const trash = async () => {
    await page.getByRole("gridcell", { name: /vp9_opus/ }).click({ button: "right" });
    await page.getByRole("menuitem", { name: /Move to the trash/ }).click();
    await page.getByRole("gridcell", { name: /vp9_opus/ }).waitFor({ state: "detached" });
  };
  await trash();
  await page
    .locator("[data-slot=toast]", { hasText: "Moved 1 item to the trash" })
    .getByRole("button", { name: "Undo" })
    .click();
  await page.getByRole("gridcell", { name: /vp9_opus/ }).waitFor();
  await trash();
  await go("Trash");
  await page.getByRole("button", { name: /^Restore: vp9_opus/ }).click();
  await page.getByText("The trash is empty").waitFor();
  await go("Library");
  await trash();
  await go("Trash");
  await page.getByRole("button", { name: /^Delete for good/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
  await page.getByText("The trash is empty").waitFor();
  fine();
});

test("folders: make, rename, move an item, search, list, select", async () => {
  await go("Library");
  await page.getByRole("button", { name: "New folder" }).click();
  await page.getByRole("textbox", { name: "New folder" }).fill("Later");
  await page.keyboard.press("Enter");
  await page.getByRole("treeitem", { name: "Later" }).focus();
  await page.keyboard.press("F2");
  await page.getByRole("textbox", { name: "Rename" }).fill("Sooner");
  await page.keyboard.press("Enter");
  await page.getByRole("treeitem", { name: "Sooner" }).waitFor();

  await cell("ok").click({ button: "right" });
  await page.getByRole("menuitem", { name: /Move to…/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sooner" }).click();
  await page.getByText("Moved 1 item to Sooner").waitFor();
  await page.getByRole("treeitem", { name: "Sooner" }).click();
  await cell("ok").waitFor();
  await page.getByRole("heading", { level: 1, name: "Sooner" }).waitFor();

  await cell("ok").click({ button: "right" });
  await page.getByRole("menuitem", { name: /Rename/ }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("Harbour before dawn");
  await page.keyboard.press("Enter");
  await cell("Harbour before dawn").waitFor();

  await go("Library");
  await page.getByRole("searchbox").fill("harbour");
  await page.waitForFunction(() => document.querySelectorAll("[role=gridcell]").length === 1);
  await page.getByRole("searchbox").fill("nothing like it");
  await page.getByText("Nothing matches “nothing like it”").waitFor();
  await page.waitForURL(/q=nothing/);
  await go("Library"); // the way out of a search
  await cell("Harbour").waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
  await page.getByRole("button", { name: "List" }).click();
  await cell("Harbour").focus();
  await page.keyboard.press("x");
  await page.getByRole("toolbar", { name: "1 selected" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Grid" }).click();
  fine();
});

test("French, all of it, and back", async () => {
  await go("Settings");
  await page.getByRole("combobox", { name: "Language" }).click();
  await page.getByRole("option", { name: "Français" }).click();
  await page.getByRole("heading", { level: 1, name: "Réglages" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  await page
    .getByRole("navigation", { name: "Principal" })
    .first()
    .getByRole("link", { name: "Tableau de bord" })
    .click();
  await page.getByText("Derniers arrivés").waitFor();
  await page.reload();
  await page.getByText("Derniers arrivés").waitFor();
  await page.evaluate(() => localStorage.removeItem("mf.locale"));
  await page.reload();
  await page.getByText("Just arrived").waitFor();
  fine();
});

test("a key for programs and another person, made and taken away", async () => {
  await go("Settings");
  await page.getByRole("textbox", { name: "What is it for?" }).fill("backup");
  await page.getByRole("button", { name: "Make key" }).click();
  const key = await page.getByRole("textbox", { name: "Access keys" }).inputValue();
  assert.match(key, /^mf_/);
  await page.getByRole("button", { name: "Remove: backup" }).click();
  await page.getByRole("button", { name: "Remove: backup" }).waitFor({ state: "detached" });
  const people = page.getByRole("region", { name: "People" });
  await people.getByLabel("Name").fill("Grace");
  await people.getByLabel("Password").fill("another good sentence");
  await people.getByRole("button", { name: "Add person" }).click();
  await people.getByRole("button", { name: "Remove: Grace" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await people.getByText("Grace").waitFor({ state: "detached" });
  fine();
});

test("a browser is paired by a code, a site's cookies are kept and forgotten", async () => {
  await page.getByRole("button", { name: "New code" }).click();
  assert.match(await page.getByRole("textbox", { name: "Pair a browser" }).inputValue(), /^mf1\./);
  const cookies = page.getByRole("region", { name: "Site cookies" });
  await cookies.getByText("Without the extension").click();
  await cookies.getByRole("textbox", { name: "Site" }).fill("example.org");
  const line = [".example.org", "TRUE", "/", "TRUE", "4102444800", "session", "canary"].join("\t");
  await cookies.getByRole("textbox", { name: "cookies.txt" }).fill(`# Netscape HTTP Cookie File\n${line}\n`);
  await cookies.getByRole("button", { name: "Keep these cookies" }).click();
  await cookies.getByRole("button", { name: "Remove: example.org" }).waitFor();
  assert.ok(!(await page.content()).includes("canary"), "what is in a cookie is never shown again");
  await cookies.getByRole("button", { name: "Remove: example.org" }).click();
  await cookies.getByText("No cookies yet").waitFor();
  fine();
});

test("the first visit is light", async () => {
  const fresh = await open(browser, "about:blank");
  const network = await fresh.context().newCDPSession(fresh);
  await network.send("Network.enable");
  let bytes = 0;
  network.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await fresh.goto(server.url);
  await signIn(fresh);
  await fresh.getByText("Just arrived").waitFor();
  await fresh.context().close();
  assert.ok(bytes > 50_000 && bytes <= 300_000, `${bytes} bytes`);
});

test("every page is accessible, in both themes, on desktop and phone", async () => {
  const [item] = (await (await page.request.get(`${server.url}/api/items`)).json()).items;
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ])
    for (const colorScheme of ["dark", "light"]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const path of [
        "/",
        "/library",
        "/library?view=list",
        "/trash",
        `/watch/${item.id}`,
        "/settings",
        "/nowhere",
      ]) {
        await page.goto(server.url + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForLoadState("load");
        assert.deepEqual(await accessibility(page), [], `${path} ${colorScheme} ${viewport.width}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${path} is wider than the ${viewport.width} px of the screen by ${overflow}`);
      }
    }
  fine();
});

test("while the server is away the page says so, and goes on by itself", async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(server.url);
  await page.getByText("Live", { exact: true }).waitFor();
  page.expected.push(
    /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|status of 5\d\d|ERR_CONNECTION_RESET/,
  );
  await server.halt();
  await page.getByText("Live updates are off").waitFor({ timeout: 20_000 });
  await server.resume();
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 30_000 });
  await page.getByText("Live updates are off").waitFor({ state: "detached" });
  fine();
});

test("signed out means signed out", async () => {
  await go("Settings");
  await page.getByRole("region", { name: "Account" }).getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(page);
  fine();
});
