// Settings, languages and themes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { expect, test } from "./fixtures.mjs";
import { open, signIn } from "./harness.mjs";

const WINDOW = { width: 1440, height: 900 };

const section = (app, name) => app.page.getByRole("region", { name, exact: true });

test("French is chosen, stays after a reload, and English comes back", async ({ app, page }) => {
  await app.add("/media/ok.mp4");
  await app.go("Settings");
  await page.getByRole("combobox", { name: "Language" }).click();
  await page.getByRole("option", { name: "Français" }).click();
  await page.getByRole("heading", { level: 1, name: "Général" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  const main = page.getByRole("navigation", { name: "Navigation principale" }).first();
  await main.getByRole("link", { name: "Accueil" }).click();
  await page.getByText("Ajouts récents").waitFor();
  await page.reload();
  await page.getByText("Ajouts récents").waitFor();
  await app.speak("en");
  await page.getByText("Recently added").waitFor();
});

test("German has its plurals, numbers and units", async ({ app, page, server }) => {
  app.seed(1234);
  await app.speak("de");
  try {
    const main = page.getByRole("navigation", { name: "Hauptnavigation" }).first();
    await main.getByRole("link", { name: "Mediathek" }).click();
    await page
      .getByRole("main")
      .getByText(/^[\d.]+ Einträge$/)
      .waitFor();
    for (const path of ["/", "/downloads", "/settings/storage", "/settings/limits", "/playlists", "/trash"]) {
      await page.goto(server.url + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("load");
      const text = await page.locator("main").innerText();
      assert.ok(!/\b(act|add|dash|job|lib|set|state|places|trash)\.\w/.test(text), `a key without words on ${path}`);
    }
    await page.goto(`${server.url}/settings/storage`);
    await page
      .getByRole("main")
      .getByText(/[\d,.]+\s[kMGT]B von [\d,.]+\s[kMGT]B belegt · [\d,.]+\s[kMGT]B in [\d.]+ Eintr/)
      .waitFor();
  } finally {
    await app.speak("en");
  }
});

test("what is chosen in one browser is chosen in the others of the user", async ({
  app,
  browser,
  page,
  server,
  user,
}) => {
  await app.settings("General");
  await section(app, "General").getByRole("button", { name: "Light" }).click();
  await section(app, "General").getByRole("combobox", { name: "Language" }).click();
  await page.getByRole("option", { name: "Français" }).click();
  await app.becomes("/api/preferences", ({ theme, language }) => theme === "light" && language === "fr");
  await page.getByRole("navigation", { name: "Navigation principale" }).first().getByText("Bibliothèque").click();
  await page.getByRole("combobox", { name: "Trier" }).click();
  await page.getByRole("option", { name: "Titre", exact: true }).click();
  await app.becomes("/api/preferences", ({ sort }) => sort === "title");
  const other = await open(browser, server.url);
  await signIn(other, user);
  await other.locator("html[lang=fr]:not(.dark)").waitFor();
  await other.getByRole("link", { name: "Bibliothèque" }).first().click();
  await other.getByRole("combobox", { name: "Trier" }).getByText("Titre").waitFor();
  assert.deepEqual(other.wrong, []);
  await other.context().close();
  await app.api("PATCH", "/api/preferences", { theme: "system", language: "en", sort: "-created" });
  await page.goto(server.url);
  await page.locator("html[lang=en].dark").waitFor();
});

test("dark and light", async ({ app, page }) => {
  const dark = () => page.evaluate(() => document.documentElement.classList.contains("dark"));
  await app.go("Settings");
  await section(app, "General").getByRole("button", { name: "Light" }).click();
  assert.equal(await dark(), false);
  await page.reload();
  assert.equal(await dark(), false);
  await section(app, "General").getByRole("button", { name: "System" }).click();
  assert.equal(await dark(), true);
});

test("each section of the settings is a page with a title; old anchors lead to it", async ({ app, page, server }) => {
  test.slow(); // seventeen pages in two themes
  app.expected.push(/api\/extension/); // it is not built here
  await app.go("Settings");
  await page.waitForURL(/\/settings\/general$/); // the first one, on a wide screen
  const list = page.getByRole("navigation", { name: "Settings" });
  await list.getByRole("link", { name: "General", exact: true, current: "page" }).waitFor();
  const links = await list.getByRole("link").evaluateAll((all) => all.map(({ href, text }) => [href, text]));
  assert.equal(links.length, 17);
  for (const [href, text] of links) {
    await page.goto(href); // a real address
    await page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
    await page.waitForFunction((text) => document.title === `${text} · Settings · MediaFetcher`, text);
    await app.accessible(text);
  }
  for (const [old, now] of [
    ["#cookies", "/settings/cookies"],
    ["?site=example.org#cookies", "/settings/cookies?site=example.org"],
    ["#machines", "/settings/limits"],
    ["#nothing", "/settings/general"],
  ]) {
    await page.goto("about:blank"); // another anchor alone would be no load
    await page.goto(`${server.url}/settings${old}`);
    await page.waitForURL((url) => url.pathname + url.search === now);
  }
  await page.goto(`${server.url}/settings/nothing`);
  await page.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
});

test("each name in the list of the settings is one line, in any language", async ({ app, page }) => {
  await app.settings("General");
  for (const language of ["en", "fr", "de"]) {
    await app.speak(language);
    const names = page.locator("main nav a:visible");
    await names.first().waitFor();
    const lines = await names.evaluateAll((all) =>
      all.map((each) => {
        const words = document.createRange();
        words.selectNodeContents(each.lastChild);
        return [each.textContent, words.getClientRects().length];
      }),
    );
    assert.equal(lines.length, 17);
    assert.deepEqual(
      lines.filter(([, count]) => count !== 1),
      [],
      language,
    );
  }
});

test("the hint of an address for notifications fits its box on a phone, in any language", async ({ app, page }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  await app.open("/settings/notifications");
  for (const language of ["en", "fr", "de"]) {
    await app.speak(language);
    const box = page.locator("#notifications form input").first();
    await box.waitFor();
    const [wide, inside] = await box.evaluate((element) => {
      const { font, paddingLeft, paddingRight } = getComputedStyle(element);
      const pen = Object.assign(document.createElement("canvas").getContext("2d"), { font });
      const inside = element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
      return [pen.measureText(element.placeholder).width, inside];
    });
    assert.ok(wide <= inside, `${language}: ${wide} px of ${inside}`);
  }
});

test("a phone shows the list of the settings, then one section", async ({ app, page, server }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${server.url}/settings`);
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await app.accessible("the list of the settings on a phone");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Storage" }).click();
  await page.getByRole("heading", { level: 1, name: "Storage" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "API keys" }).count(), 0);
  await app.accessible("a section on a phone");
  await page.locator("main").getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.setViewportSize(WINDOW);
  await page.getByRole("heading", { level: 1, name: "General" }).waitFor();
});

test("an access key for programs", async ({ app, page }) => {
  await app.settings("API keys");
  await page.getByRole("textbox", { name: "What is this key for?" }).fill("backup");
  await page.locator("#tokens").getByRole("button", { name: "Create key" }).click();
  assert.match(await page.getByRole("textbox", { name: "API keys" }).inputValue(), /^mf_/);
  await page.getByRole("button", { name: "Remove: backup" }).click();
  await page.getByRole("button", { name: "Remove: backup" }).waitFor({ state: "detached" });
});

test("another person", async ({ app, page, user }) => {
  // The list is asked for before the user is added, and answers afterwards: it takes long in a large installation.
  await page.goto(app.server.url);
  const added = page.waitForResponse(
    (answer) => answer.request().method() === "POST" && /api.users$/.test(answer.url()),
  );
  await page.route(
    "**/api/users",
    async (route) => {
      const response = await route.fetch();
      await added;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  await app.settings("Users");
  const people = section(app, "Users");
  await people.getByLabel("Name").fill(`Grace of ${user.name}`);
  await people.getByLabel("Password").fill("another good sentence");
  await people.getByRole("button", { name: "Add user" }).click();
  await people.getByRole("button", { name: `Remove: Grace of ${user.name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await people.getByText(`Grace of ${user.name}`).waitFor({ state: "detached" });
});

test("a browser is paired by a code and its picture", async ({ app, page }) => {
  app.expected.push(/api\/extension/); // it is not built everywhere
  await app.settings("Devices");
  await page.getByRole("button", { name: "New code" }).click();
  assert.match(await page.getByRole("textbox", { name: "Pair a browser" }).inputValue(), /^mf1\./);
  const picture = page.getByRole("img", { name: "QR code with the pairing code" });
  await picture.waitFor();
  assert.ok((await picture.locator("path").getAttribute("d")).length > 1000);
});

test("cookies of a site are kept and forgotten", async ({ app, page }) => {
  await app.settings("Site cookies");
  const cookies = section(app, "Site cookies");
  await cookies.getByText("Add cookies from a cookies.txt file").click();
  await cookies.getByRole("textbox", { name: "Site" }).fill("example.org");
  const line = [".example.org", "TRUE", "/", "TRUE", "4102444800", "session", "canary"].join("\t");
  await cookies.getByRole("textbox", { name: "cookies.txt" }).fill(`# Netscape HTTP Cookie File\n${line}\n`);
  await cookies.getByRole("button", { name: "Save cookies" }).click();
  await cookies.getByRole("button", { name: "Remove: example.org" }).waitFor();
  assert.ok(!(await page.content()).includes("canary"), "what is in a cookie is never shown again");
  await cookies.getByRole("button", { name: "Remove: example.org" }).click();
  await cookies.getByText("No cookies yet").waitFor();
});

test("a rule of a site is written, changed and removed, and half of one is not sent", async ({ app, page }) => {
  await app.settings("Sites");
  const sites = section(app, "Sites");
  const save = sites.getByRole("button", { name: "Save" });
  const rules = async () => (await app.api("GET", "/api/site-rules")).rules;
  await sites.getByRole("button", { name: "Add a site" }).click();
  await expect(sites.getByRole("textbox", { name: "Site" })).toBeFocused();
  await sites.getByRole("textbox", { name: "Site" }).fill("video.example.org");
  await sites.getByRole("spinbutton", { name: "Pause in seconds" }).fill("90");
  await sites.getByLabel("Hours", { exact: true }).fill("22:00");
  await sites.getByRole("textbox", { name: "Name and password" }).fill("ada");
  await app.accessible("the form of a site");
  await app.onPhone(() => app.fits("the form of a site"));
  await save.click();
  assert.equal(await sites.getByLabel("End of the hours").evaluate((box) => box.validity.valueMissing), true);
  assert.deepEqual(await rules(), []);
  await sites.getByLabel("End of the hours").fill("07:00");
  await save.click();
  assert.equal(await sites.getByLabel("Password", { exact: true }).evaluate((box) => box.validity.valueMissing), true);
  assert.deepEqual(await rules(), []);
  await sites.getByLabel("Password", { exact: true }).fill("canary sentence");
  await save.click();
  await sites.getByText("Pause in seconds: 90 s · 22:00–07:00").waitFor();
  await save.waitFor({ state: "detached" });
  await sites.getByText("22:00–07:00 · Name and password").waitFor();
  assert.ok(!(await page.content()).includes("canary"), "a password is never shown again");
  await app.onPhone(() => app.fits("the rule of a site"));
  await sites.getByRole("button", { name: "Edit: video.example.org" }).click();
  await sites.getByText("A password is kept. Enter another one to replace it.").waitFor();
  await sites.getByRole("switch", { name: "Cookies required" }).click();
  await save.click();
  await save.waitFor({ state: "detached" });
  const [rule] = await rules();
  assert.deepEqual([rule.pause_seconds, rule.password, rule.cookies_required], [90, true, true]);
  await sites.getByRole("button", { name: "Remove: video.example.org" }).click();
  await sites.getByText("No site has a rule.").waitFor();
});

test("licences", async ({ app, page }) => {
  await app.settings("About");
  const about = section(app, "About");
  await about.getByText("Third-party licences").click();
  await about.getByText(/^react-dom /).waitFor();
  assert.equal(new URL(page.url()).pathname, "/settings/about");
});

test("the bookmarklet sends the page of another site", async ({ app, page, server, site }) => {
  await app.settings("Phone and bookmarklet");
  const link = section(app, "Phone and bookmarklet").getByRole("link", { name: "Send to MediaFetcher" });
  const code = await link.getAttribute("href");
  assert.match(code, /^javascript:void\(window\.open\('http/);
  await link.click(); // on our own page it does nothing, and breaks no rule
  assert.equal(new URL(page.url()).pathname, "/settings/phone");
  const other = await page.context().newPage();
  await other.goto(site.url("/page/og?a=1&b=2"));
  const opened = page.context().waitForEvent("page");
  await other.evaluate((text) => {
    location.href = text; // what a bookmark does
  }, code);
  const ours = await opened;
  await ours.waitForFunction(() => document.querySelector("textarea")?.value.endsWith("/page/og?a=1&b=2"));
  assert.ok(ours.url().startsWith(server.url));
  await ours.close();
  await other.close();
});

test("a phone gets a key that only adds downloads, and what to do with it", async ({ app, page, server, site }) => {
  await app.settings("Phone and bookmarklet");
  const phone = section(app, "Phone and bookmarklet");
  await phone.getByLabel("Name of the phone").fill("My phone");
  await phone.getByRole("button", { name: "Create key" }).click();
  const bearer = await phone.getByRole("textbox", { name: "Authorization" }).inputValue();
  const url = await phone.getByRole("textbox", { name: "URL", exact: true }).inputValue();
  const saving = page.waitForEvent("download");
  await phone.getByRole("button", { name: "Save the file" }).click();
  const file = JSON.parse(readFileSync(await (await saving).path(), "utf8"));
  const [shortcut] = file.categories[0].shortcuts;
  assert.deepEqual([shortcut.method, shortcut.url], ["POST", `${server.url}/api/downloads`]);
  assert.equal(url, shortcut.url);
  // The requests that the apps send: with the variable filled in, and without a cookie of the browser.
  const headers = { "content-type": shortcut.contentType, authorization: shortcut.headers[0].value };
  assert.equal(headers.authorization, bearer);
  const shared = site.url('/media/ok.mp4?from="phone"').replaceAll('"', "%22");
  const body = shortcut.bodyContent.replace(`{{${file.variables[0].id}}}`, JSON.stringify(shared).slice(1, -1));
  const added = await fetch(shortcut.url, { method: shortcut.method, headers, body });
  assert.equal(added.status, 201);
  assert.equal((await fetch(`${server.url}/api/items`, { headers })).status, 403);
  await app.api("POST", `/api/downloads/${(await added.json()).id}/cancel`, { keep: false });
  await app.settings("API keys");
  await page.getByRole("button", { name: "Remove: My phone" }).click();
  await page.getByRole("button", { name: "Remove: My phone" }).waitFor({ state: "detached" });
  assert.equal((await fetch(shortcut.url, { method: "POST", headers, body })).status, 401);
});

test("another password", async ({ app }) => {
  app.expected.push(/status of 401/);
  await app.settings("Account");
  const account = section(app, "Account");
  await account.getByLabel("Current password").fill("not this one");
  await account.getByLabel("New password").fill("a sentence of another kind");
  await account.getByRole("button", { name: "Change password" }).click();
  await app.toast("Incorrect name or password").waitFor();
});
