// The server itself: limits, the media folder, other machines, yt-dlp, the extension.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base } from "./fixtures.mjs";
import { python, root, start } from "./harness.mjs";

const test = base.extend({
  /** A package index of our own with a newer yt-dlp: no test asks the real one. */
  index: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants the pattern
    async ({}, use) => {
      const stop = await start(["-m", "web.tests.index"], "index at");
      const [, url, newer] = /index at (\S+) with (\S+)\./.exec(stop.said);
      await use({ url, newer, stop });
      await stop();
    },
    { scope: "worker" },
  ],
  serverEnv: [
    async ({ index }, use) =>
      use({
        MEDIAFETCHER_YTDLP_INDEX: index.url,
        MEDIAFETCHER_MOUNT_CHECK_SECONDS: "0.3", // seconds between checks of the media folder
        MEDIAFETCHER_GRACE_HOURS: "48",
      }),
    { scope: "worker", option: true },
  ],
});

test.describe.configure({ mode: "default" }); // one worker: its server is like no other
const section = (app, name) => app.page.getByRole("region", { name, exact: true });

test("a limit is kept; one that cannot be is refused in words", async ({ app, page }) => {
  await app.settings("Limits");
  const limits = section(app, "Limits");
  const jobs = limits.getByRole("spinbutton", { name: "Simultaneous downloads", exact: true });
  await jobs.fill("4");
  await jobs.press("Enter");
  await app.toast("Saved").waitFor();
  assert.equal((await app.api("GET", "/api/settings")).max_downloads, 4);
  await jobs.fill("999");
  await jobs.press("Enter");
  await limits.getByRole("alert").filter({ hasText: "A whole number from 1 to 64." }).waitFor();
  await app.accessible("a value that is refused");
  await jobs.fill("4");
  await jobs.press("Enter");
  await limits.getByRole("alert").waitFor({ state: "detached" });
  app.expected.push(/status of 400/);
  const proxy = limits.getByRole("textbox", { name: "Proxy" });
  await proxy.fill("gopher://nowhere");
  await proxy.press("Enter");
  await app.toast("The server could not read the request").waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("#limits input")].at(-1).value === "");
});

test("what the environment decides is shown, and not to be changed", async ({ app }) => {
  await app.settings("Trash");
  const hours = section(app, "Trash").getByRole("spinbutton", { name: "Keep unused files" });
  await hours.waitFor();
  assert.equal(await hours.inputValue(), "48");
  assert.ok(await hours.isDisabled());
  await section(app, "Trash")
    .getByText("Set by an environment variable or a flag when the server started. Change it there.")
    .waitFor();
  assert.ok(await section(app, "Trash").getByRole("spinbutton", { name: "Keep in trash" }).isEnabled());
  await app.accessible("a setting that is decided elsewhere");
});

test("storage: the share, what is saved, and how far it was read again", async ({ app }) => {
  const items = await app.add("/media/ok.mp4", "/media/a.mp3");
  await app.api("POST", "/api/items/copy", { items: items.map(({ id }) => id), folder: "Twice" });
  await app.settings("Storage");
  const storage = section(app, "Storage");
  for (const words of [
    / used · .* in \d+ items/,
    /You use .* for \d+ items/,
    /\d+ of \d+ files verified/,
    /saved by storing identical files only once/,
  ])
    await storage.getByText(words).waitFor();
});

test("the media folder goes away and comes back", async ({ app, page, server }) => {
  await app.settings("Storage");
  const media = join(server.state, "media");
  renameSync(media, `${media}.away`);
  try {
    await section(app, "Storage").getByText("The media folder is unavailable").waitFor(); // by itself
    await app.downloads();
    await page.getByRole("alert").filter({ hasText: "The media folder is unavailable" }).waitFor();
    await app.accessible("without the media folder");
  } finally {
    renameSync(`${media}.away`, media);
  }
  await page.getByRole("alert").filter({ hasText: "The media folder is unavailable" }).waitFor({ state: "detached" });
  assert.equal((await app.api("GET", "/api/system")).mount.state, "online");
});

test("another machine takes part", async ({ app, page, server }) => {
  const state = mkdtempSync(join(tmpdir(), "mediafetcher-worker-"));
  const dsn = execFileSync(
    python,
    [
      "-c",
      "import sys; from pathlib import Path; from mediafetcher.db.embedded import Cluster; print(Cluster(Path(sys.argv[1])).dsn)",
      server.state,
    ],
    { cwd: root, encoding: "utf8" },
  ).trim();
  const stop = await start(["-m", "mediafetcher", "worker"], "MediaFetcher worker is ready", {
    MEDIAFETCHER_STATE: state,
    MEDIAFETCHER_MEDIA: join(server.state, "media"),
    MEDIAFETCHER_DATABASE_URL: dsn,
    MEDIAFETCHER_MAX_DOWNLOADS: "1",
  });
  try {
    await app.settings("Limits");
    await app.becomes("/api/system", ({ workers }) => workers.length === 2);
    await page.reload();
    const machines = section(app, "Machines");
    await machines.getByText("worker", { exact: true }).waitFor();
    await machines.getByText("server", { exact: true }).waitFor();
    await machines.getByText(/0 of 1 download slots in use.*no encryption key/).waitFor();
  } finally {
    await stop();
    rmSync(state, { recursive: true, force: true });
  }
});

test("the packages of the extension", async ({ app, page }) => {
  await app.settings("Devices");
  const devices = section(app, "Devices");
  const given = await app.api("GET", "/api/extension");
  for (const [name, browser] of [
    ["Chrome, Edge, Brave", "chromium"],
    ["Firefox", "firefox"],
  ]) {
    const saving = page.waitForEvent("download");
    await devices.getByRole("link", { name }).click();
    const saved = await saving;
    assert.equal(saved.suggestedFilename(), given[browser].name);
    await saved.cancel();
  }
});

test("a newer yt-dlp is taken, and the one before comes back", async ({ app, index }) => {
  await app.settings("yt-dlp");
  const card = section(app, "yt-dlp");
  const { version } = await app.api("GET", "/api/ytdlp");
  await card.getByText(`Version ${version}`).waitFor();
  await card.getByRole("button", { name: "Update" }).click();
  await card.getByText(`Version ${index.newer}`).waitFor({ timeout: 90_000 }); // it is tried before it is used
  await card.getByText("Installed by MediaFetcher").waitFor();
  await card.getByRole("button", { name: `Roll back to ${version}` }).click();
  await card.getByText(`Version ${version}`).waitFor();
  await index.stop();
  await card.getByRole("button", { name: "Update" }).click();
  await card.getByText("Failed", { exact: true }).waitFor({ timeout: 60_000 });
  await card.getByText("Can’t reach the package index").waitFor();
  await app.speak("fr");
  await section(app, "yt-dlp").getByText("L’index").waitFor();
  await app.speak("en");
});
