// Who may come in, how much they may keep, and who did what.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { expect, test } from "./fixtures.mjs";
import { open, python, root } from "./harness.mjs";

const section = (app, name) => app.page.getByRole("region", { name, exact: true });

test("what a person uses, and a quota that holds", async ({ app, page, site, user }) => {
  await app.add("/media/ok.mp4");
  await app.settings("Users");
  const people = section(app, "Users");
  await people
    .getByText(/count toward the quota/)
    .first()
    .waitFor();
  const quota = people.getByRole("textbox", { name: `Quota in GB: ${user.name}` });
  await quota.fill("0.00001");
  await quota.press("Enter");
  await app.settings("Storage");
  await section(app, "Storage")
    .getByText(/You use .* quota: 10 kB/)
    .waitFor();
  await app.downloads();
  app.expected.push(/status of (409|403|507|413|429)/);
  await app.box().fill(site.url("/media/vp8_vorbis.webm"));
  await app.box().press("Enter");
  await page
    .getByRole("alert")
    .filter({ hasText: /quota|may use|share/i })
    .waitFor();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await app.settings("Users");
  await expect(quota).toHaveValue("0.00001", { timeout: 30_000 }); // the list of before is shown until it has loaded again
  await quota.fill("");
  await quota.press("Enter");
  await app.settings("Storage");
  await section(app, "Storage").getByText("quota:").waitFor({ state: "detached" });
});

test("an administrator is made and unmade", async ({ app, user }) => {
  await app.settings("Users");
  const people = section(app, "Users");
  await people.getByLabel("Name").fill(`Grace of ${user.name}`);
  await people.getByLabel("Password").fill("another good sentence");
  await people.getByRole("button", { name: "Add user" }).click();
  await people.getByRole("button", { name: `Make administrator: Grace of ${user.name}` }).click();
  await people.getByRole("button", { name: `Remove admin rights: Grace of ${user.name}` }).click();
  await people.getByRole("button", { name: `Make administrator: Grace of ${user.name}` }).waitFor();
});

test("somebody without administration sees no server settings", async ({ app, browser, server, user }) => {
  await app.api("POST", "/api/users", { name: `Grace of ${user.name}`, password: "another good sentence" });
  const theirs = await open(browser, server.url);
  await theirs.getByLabel("Name", { exact: true }).fill(`Grace of ${user.name}`);
  await theirs.getByLabel("Password", { exact: true }).fill("another good sentence");
  await theirs.getByRole("button", { name: "Sign in" }).click();
  await theirs.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name: "Settings" }).click();
  const list = theirs.getByRole("navigation", { name: "Settings" });
  await list.getByRole("link", { name: "Storage", exact: true }).waitFor();
  for (const name of ["Users", "Limits", "yt-dlp", "Activity log"])
    assert.equal(await list.getByRole("link", { name, exact: true }).count(), 0, name);
  await theirs.goto(`${server.url}/settings/limits`);
  await theirs.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
  await theirs.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name: "Library" }).click();
  await theirs.getByText("Your library is empty").waitFor(); // nothing of anybody else's
  assert.deepEqual(theirs.wrong, []);
  await theirs.context().close();
});

test("another browser is signed out from here", async ({ app, browser, page, server, user }) => {
  const other = await open(browser, server.url);
  other.expected.push(/status of 401/);
  await other.getByLabel("Name", { exact: true }).fill(user.name);
  await other.getByLabel("Password", { exact: true }).fill(user.password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("navigation", { name: "Main" }).first().waitFor();
  await app.downloads(); // what was seen before may be old
  await app.settings("Sessions");
  const ends = section(app, "Sessions").getByRole("button", { name: /^Sign out/ });
  await ends.first().waitFor();
  while (await ends.count()) {
    const before = await ends.count();
    await ends.first().click();
    await page.waitForFunction((n) => document.querySelectorAll("#sessions button").length < n, before);
  }
  await other.reload();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  await other.context().close();
});

test("a paired browser is seen at once, and its right is taken away", async ({ app, page, server }) => {
  app.expected.push(/api\/extension/); // it is not built everywhere
  await app.downloads();
  await app.settings("Devices");
  await page.getByRole("button", { name: "New code" }).click();
  const code = await page.getByRole("textbox", { name: "Pair a browser" }).inputValue();
  execFileSync(python, ["-m", "web.tests.device", server.url, code, "Ada's laptop"], { cwd: root });
  await app.downloads();
  await app.settings("Devices");
  const devices = section(app, "Devices");
  await devices.getByRole("button", { name: "Remove: Ada's laptop" }).click();
  await devices.getByText("Ada's laptop").waitFor({ state: "detached" });
  assert.deepEqual((await app.api("GET", "/api/devices")).devices, []);
});

test("who did what, page by page and by kind", async ({ app, page, user }) => {
  for (let quota = 1; quota < 30; quota++)
    await app.api("PATCH", `/api/users/${user.id}`, { quota: quota * 1_000_000_000 });
  await app.api("POST", "/api/users", { name: `Grace of ${user.name}`, password: "another good sentence" });
  await app.settings("Activity log");
  const trail = section(app, "Activity log");
  const rows = trail.getByRole("listitem");
  await trail.getByText("Changed a quota").first().waitFor();
  const first = await rows.count();
  await trail.getByRole("button", { name: "Show more" }).click();
  await page.waitForFunction((n) => document.querySelectorAll("#trail li").length > n, first);
  await trail.getByRole("combobox", { name: "Show" }).click();
  await page.getByRole("option", { name: "Added a user" }).click();
  await rows.filter({ hasText: "Signed in" }).first().waitFor({ state: "detached" });
  await rows.filter({ hasText: `Grace of ${user.name}` }).waitFor();
});

test("French has words for all of it", async ({ app, page, user }) => {
  await app.api("PATCH", `/api/users/${user.id}`, { quota: 1_000_000_000 });
  await app.settings("Activity log");
  try {
    await app.speak("fr");
    const trail = section(app, "Journal d’activité");
    await trail.getByText("A modifié un quota").first().waitFor();
    assert.ok(!/\b(act|set)\.\w/.test(await page.locator("main").innerText()), "a key without words");
  } finally {
    await app.speak("en");
  }
});
