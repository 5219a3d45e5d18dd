// Who may come in, how much they may keep, and who did what.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { open, python, root } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

const { box, go } = world;
const section = (name) => world.page.getByRole("region", { name, exact: true });

interaction("what a person uses, and a quota that holds", async () => {
  const { page, site } = world;
  await world.settings("Users");
  const people = section("Users");
  await people.getByText(/count toward the quota/).waitFor();
  const quota = people.getByRole("textbox", { name: "Quota in GB: Ada" });
  await quota.fill("0.00001");
  await quota.press("Enter");
  await world.settings("Storage");
  await section("Storage")
    .getByText(/You use .* quota: 10 kB/)
    .waitFor();
  await go("Downloads");
  page.expected.push(/status of (409|403|507|413|429)/);
  await box().fill(site.url("/media/vp8_vorbis.webm"));
  await box().press("Enter");
  await page
    .getByRole("alert")
    .filter({ hasText: /quota|may use|share/i })
    .waitFor();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await world.settings("Users");
  await quota.fill("");
  await quota.press("Enter");
  await world.settings("Storage");
  await section("Storage").getByText("quota:").waitFor({ state: "detached" });
});

interaction("an administrator is made and unmade", async () => {
  await world.settings("Users");
  const people = section("Users");
  await people.getByLabel("Name").fill("Grace");
  await people.getByLabel("Password").fill("another good sentence");
  await people.getByRole("button", { name: "Add user" }).click();
  await people.getByRole("button", { name: "Make administrator: Grace" }).click();
  await people.getByRole("button", { name: "Remove admin rights: Grace" }).click();
  await people.getByRole("button", { name: "Make administrator: Grace" }).waitFor();
});

interaction("somebody without administration sees no server settings", async () => {
  const { browser, server } = world;
  const theirs = await open(browser, server.url);
  await theirs.getByLabel("Name", { exact: true }).fill("Grace");
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

interaction("another browser is signed out from here", async () => {
  const { browser, page, server } = world;
  const other = await open(browser, server.url);
  other.expected.push(/status of 401/);
  await other.getByLabel("Name", { exact: true }).fill("Ada");
  await other.getByLabel("Password", { exact: true }).fill("a long enough sentence");
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("navigation", { name: "Main" }).first().waitFor();
  await go("Downloads"); // what was seen before may be old
  await world.settings("Sessions");
  const ends = section("Sessions").getByRole("button", { name: /^Sign out/ });
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

interaction("a paired browser is seen at once, and its right is taken away", async () => {
  const { page, server } = world;
  await go("Downloads");
  await world.settings("Devices");
  await page.getByRole("button", { name: "New code" }).click();
  const code = await page.getByRole("textbox", { name: "Pair a browser" }).inputValue();
  execFileSync(python, ["-m", "web.tests.device", server.url, code, "Ada's laptop"], { cwd: root });
  await go("Downloads");
  await world.settings("Devices");
  const devices = section("Devices");
  await devices.getByRole("button", { name: "Remove: Ada's laptop" }).click();
  await devices.getByText("Ada's laptop").waitFor({ state: "detached" });
  assert.deepEqual((await world.api("GET", "/api/devices")).devices, []);
});

interaction("who did what, page by page and by kind", async () => {
  const { page } = world;
  await world.settings("Activity log");
  const trail = section("Activity log");
  const rows = trail.getByRole("listitem");
  await trail.getByText("Changed a quota").first().waitFor();
  const first = await rows.count();
  await trail.getByRole("button", { name: "Show more" }).click();
  await page.waitForFunction((n) => document.querySelectorAll("#trail li").length > n, first);
  await trail.getByRole("combobox", { name: "Show" }).click();
  await page.getByRole("option", { name: "Added a user" }).click();
  await rows.filter({ hasText: "Signed in" }).first().waitFor({ state: "detached" });
  await rows.filter({ hasText: "Grace" }).waitFor();
});

interaction("French has words for all of it", async () => {
  const { page } = world;
  await world.settings("Activity log");
  try {
    await world.speak("fr");
    const trail = section("Journal d’activité");
    await trail.getByText("A modifié un quota").first().waitFor();
    assert.ok(!/\b(act|set)\.\w/.test(await page.locator("main").innerText()), "a key without words");
  } finally {
    await world.speak("en");
  }
});
