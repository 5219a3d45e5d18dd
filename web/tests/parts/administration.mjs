// The server itself: limits, the media folder, other machines, yt-dlp, the extension.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { python, root, start } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

const { go, toast } = world;
const section = (name) => world.page.getByRole("region", { name, exact: true });
let stopIndex;
let newer;
world.prepare = async () => {
  stopIndex = await start(["-m", "web.tests.index"], "index at"); // of our own: no test asks the real one
  const [, index, version] = /index at (\S+) with (\S+)\./.exec(stopIndex.said);
  newer = version;
  world.env.MEDIAFETCHER_YTDLP_INDEX = index;
  world.env.MEDIAFETCHER_MOUNT_CHECK_SECONDS = "0.3"; // seconds between checks of the media folder
  world.env.MEDIAFETCHER_GRACE_HOURS = "48";
};
after(() => stopIndex?.());

interaction("a limit is kept; one that cannot be is refused in words", async () => {
  const { page } = world;
  await world.settings("Limits");
  const limits = section("Limits");
  const jobs = limits.getByRole("spinbutton", { name: "Simultaneous downloads", exact: true });
  await jobs.fill("4");
  await jobs.press("Enter");
  await toast("Saved").waitFor();
  assert.equal((await world.api("GET", "/api/settings")).max_downloads, 4);
  await jobs.fill("999");
  await jobs.press("Enter");
  await limits.getByRole("alert").filter({ hasText: "A whole number from 1 to 64." }).waitFor();
  await world.accessible("a value that is refused");
  await jobs.fill("4");
  await jobs.press("Enter");
  await limits.getByRole("alert").waitFor({ state: "detached" });
  page.expected.push(/status of 400/);
  const proxy = limits.getByRole("textbox", { name: "Proxy" });
  await proxy.fill("gopher://nowhere");
  await proxy.press("Enter");
  await toast("The server could not read the request").waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("#limits input")].at(-1).value === "");
});

interaction("what the environment decides is shown, and not to be changed", async () => {
  await world.settings("Trash");
  const hours = section("Trash").getByRole("spinbutton", { name: "Keep unused files" });
  await hours.waitFor();
  assert.equal(await hours.inputValue(), "48");
  assert.ok(await hours.isDisabled());
  await section("Trash")
    .getByText("Set by an environment variable or a flag when the server started. Change it there.")
    .waitFor();
  assert.ok(await section("Trash").getByRole("spinbutton", { name: "Keep in trash" }).isEnabled());
  await world.accessible("a setting that is decided elsewhere");
});

interaction("storage: the share, what is saved, and how far it was read again", async () => {
  await world.settings("Storage");
  const storage = section("Storage");
  for (const words of [
    / used · .* in \d+ items/,
    /You use .* for \d+ items/,
    /\d+ of \d+ files verified/,
    /saved by storing identical files only once/,
  ])
    await storage.getByText(words).waitFor();
});

interaction("the media folder goes away and comes back", async () => {
  const { page, server } = world;
  await world.settings("Storage");
  const media = join(server.state, "media");
  renameSync(media, `${media}.away`);
  try {
    await section("Storage").getByText("The media folder is unavailable").waitFor(); // by itself
    await go("Downloads");
    await page.getByRole("alert").filter({ hasText: "The media folder is unavailable" }).waitFor();
    await world.accessible("without the media folder");
  } finally {
    renameSync(`${media}.away`, media);
  }
  await page.getByRole("alert").filter({ hasText: "The media folder is unavailable" }).waitFor({ state: "detached" });
  assert.equal((await world.api("GET", "/api/system")).mount.state, "online");
});

interaction("another machine takes part", async () => {
  const { page, server } = world;
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
    await world.settings("Limits");
    await world.becomes("/api/system", ({ workers }) => workers.length === 2);
    await page.reload();
    const machines = section("Machines");
    await machines.getByText("worker", { exact: true }).waitFor();
    await machines.getByText("server", { exact: true }).waitFor();
    await machines.getByText(/0 of 1 download slots in use.*no encryption key/).waitFor();
  } finally {
    await stop();
    rmSync(state, { recursive: true, force: true });
  }
});

interaction("the packages of the extension", async () => {
  const { page } = world;
  await world.settings("Devices");
  const devices = section("Devices");
  const given = await world.api("GET", "/api/extension");
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

interaction("a newer yt-dlp is taken, and the one before comes back", async () => {
  await world.settings("yt-dlp");
  const card = section("yt-dlp");
  const { version } = await world.api("GET", "/api/ytdlp");
  await card.getByText(`Version ${version}`).waitFor();
  await card.getByRole("button", { name: "Update" }).click();
  await card.getByText(`Version ${newer}`).waitFor({ timeout: 90_000 }); // it is tried before it is used
  await card.getByText("Installed by MediaFetcher").waitFor();
  await card.getByRole("button", { name: `Roll back to ${version}` }).click();
  await card.getByText(`Version ${version}`).waitFor();
  await stopIndex();
  await card.getByRole("button", { name: "Update" }).click();
  await card.getByText("Failed", { exact: true }).waitFor({ timeout: 60_000 });
  await card.getByText("Can’t reach the package index").waitFor();
  await world.speak("fr");
  await section("yt-dlp").getByText("L’index").waitFor();
  await world.speak("en");
});
