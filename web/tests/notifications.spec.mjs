// Where a user is notified: what a target is told, in which language, and when not.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "./fixtures.mjs";

const section = (app, name) => app.page.getByRole("region", { name, exact: true });
const PATH = "/api/notifications/targets";
const requests = [];
const receiver = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  requests.push({ url: request.url, body });
  response.writeHead(request.url.startsWith("/refused") ? 503 : 200).end("{}");
});
await once(receiver.listen(0, "127.0.0.1"), "listening");
receiver.unref(); // a test that fails must not wait for it for ever
const host = `127.0.0.1:${receiver.address().port}`;
test.describe.configure({ mode: "default" }); // one worker: its server is like no other
test.use({ serverEnv: { MEDIAFETCHER_ALLOW_HOSTS: "127.0.0.1" } }); // the receiver too

const only = async (app) => (await app.api("GET", PATH)).targets[0];
async function add(app, address) {
  await section(app, "Notifications").getByRole("textbox", { name: "Address" }).fill(address);
  await section(app, "Notifications").getByRole("button", { name: "Add", exact: true }).click();
}

test("a target has its events, language and quiet hours", async ({ app, page }) => {
  await app.settings("Notifications");
  await add(app, `ntfy://${host}/films`);
  const row = section(app, "ntfy://…");
  await row.getByRole("button", { name: "Download failed", pressed: true }).click();
  await row.getByRole("button", { name: "Storage", pressed: true }).click();
  await row.getByRole("button", { name: "New videos", pressed: false }).click();
  await row.getByRole("button", { name: "New videos", pressed: true }).waitFor();
  await app.becomes(PATH, ({ targets }) => targets[0].events.includes("subscription.new"));
  assert.deepEqual((await only(app)).events, ["download.done", "download.needs_action", "subscription.new"]);
  await row.getByRole("combobox", { name: "Language of the messages" }).click();
  await page.getByRole("option", { name: "Français" }).click();
  await row.getByRole("switch", { name: "Quiet hours" }).click();
  await row.getByLabel("Quiet from").fill("23:30");
  await row.getByLabel("Quiet from").press("Enter");
  await app.becomes(PATH, ({ targets }) => targets[0].quiet?.start === "23:30");
  const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  assert.deepEqual((await only(app)).quiet, { start: "23:30", end: "07:00", timezone: zone });
  assert.equal((await only(app)).language, "fr");
  await row.getByRole("textbox", { name: "Name" }).fill("My phone");
  await row.getByRole("textbox", { name: "Name" }).press("Enter");
  await section(app, "My phone").getByText("ntfy://…").waitFor();
  await app.accessible("the options of a target");
  await page.reload();
  await section(app, "My phone").getByRole("button", { name: "Options: My phone" }).click();
  assert.equal(await section(app, "My phone").getByLabel("Quiet from").inputValue(), "23:30");
  await section(app, "My phone").getByRole("switch", { name: "Quiet hours" }).click();
  await app.becomes(PATH, ({ targets }) => targets[0].quiet === null);
});

test("a test is sent in the language of its target, and its answer is said", async ({ app }) => {
  await app.api("POST", PATH, {
    url: `ntfy://${host}/films`,
    name: "My phone",
    language: "fr",
    events: ["download.done"],
  });
  await app.settings("Notifications");
  await section(app, "My phone").getByRole("button", { name: "Send a test: My phone" }).click();
  await app.toast("The test message was accepted.").waitFor();
  assert.match(requests.at(-1).body, /Ceci est un essai/);
  await section(app, "My phone").getByRole("switch", { name: "Enabled: My phone" }).click();
  await section(app, "My phone").getByText("Off · Nothing sent yet").waitFor();
  await section(app, "My phone").getByRole("button", { name: "Remove: My phone" }).click();
  await section(app, "My phone").waitFor({ state: "detached" });
});

test("a webhook shows its secret once, and what it answered", async ({ app, page }) => {
  await app.settings("Notifications");
  await add(app, `webhook+http://${host}/refused`);
  const row = section(app, `webhook+http://${host}/…`);
  const secret = section(app, "Notifications").getByRole("textbox", { name: /signed with this secret/ });
  assert.match(await secret.inputValue(), /^whsec_/);
  assert.equal(await row.getByRole("combobox").count(), 0); // it gets no text
  for (const name of ["Every download", "Download failed", "Storage"]) {
    await row.getByRole("button", { name, pressed: true }).click();
    await row.getByRole("button", { name, pressed: false }).waitFor();
  }
  assert.ok(await row.getByRole("button", { name: "Needs action" }).isDisabled()); // one is needed
  await row.getByRole("button", { name: /^Send a test/ }).click();
  await app.toast("The test message was not accepted: HTTP 503").waitFor();
  await page.reload();
  await row.waitFor();
  assert.equal(await secret.count(), 0);
  await row.getByRole("button", { name: /^Remove/ }).click();
  await row.waitFor({ state: "detached" });
});

test("the inbox leads to a download that failed, and is marked as read", async ({ app, page, site }) => {
  const { id } = await app.api("POST", "/api/downloads", { url: site.url("/nowhere/at-all.mp4") });
  await app.becomes(`/api/downloads/${id}`, ({ state }) => state === "failed" || state === "needs_action");
  const main = page.getByRole("navigation", { name: "Main" }).first();
  await main.getByRole("link", { name: /^Notifications .*\d+ unread$/ }).waitFor();
  await app.go("Notifications");
  await page.getByRole("heading", { level: 1, name: "Notifications" }).waitFor();
  await app.accessible("the inbox");
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await main.getByRole("link", { name: "Notifications", exact: true }).waitFor(); // without a number
  assert.equal((await app.api("GET", "/api/notifications")).unread, 0);
  await page
    .getByRole("link", { name: /^Download (failed|needs you): / })
    .first()
    .click();
  await page.getByRole("heading", { level: 1, name: "Downloads" }).waitFor();
  await app.api("DELETE", `/api/downloads/${id}`);
  await app.go("Notifications");
  await page.getByRole("link", { name: "Notification settings" }).click();
  await section(app, "Notifications").getByRole("textbox", { name: "Address" }).waitFor();
});
