// Settings, Export: exported trees are changed on the page, and the files on the disk follow.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "./fixtures.mjs";
import { python, root } from "./harness.mjs";

const region = (app, name) => app.page.getByRole("region", { name, exact: true });
const choose = async (app, box, name) => {
  await box.click();
  await app.page.getByRole("option", { name, exact: true }).click();
};

/** A tree of the user, made by the command of the page. `doing` gets its folder and what is in it. */
async function exported(app, doing) {
  const tree = mkdtempSync(join(tmpdir(), "mediafetcher-export-"));
  const files = () =>
    readdirSync(tree, { recursive: true })
      .map((file) => file.replace(/^[^/]*\//, "")) // the folder of the user
      .filter((file) => /\.(mp4|m4a|nfo)$/.test(file))
      .sort();
  try {
    execFileSync(python, ["-m", "mediafetcher", "--state", app.server.state, "export", tree, "--user", app.user.name], {
      cwd: root,
    });
    await doing(tree, files);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

test("a folder of an exported tree gets a layout of its own, and loses it", async ({ app, page }) => {
  const film = expect.stringMatching(/^Talks\/Old\/ok( \(\d{4}\))?\.mp4$/); // with the year, if the site says it
  await app.add({ path: "/media/ok.mp4", folder: "Talks/Old" });
  await exported(app, async (tree, files) => {
    expect(files()).toContainEqual(film);
    await app.settings("Export");
    const own = region(app, tree);
    await own.getByText(`Items of ${app.user.name}`).waitFor();
    const form = own.getByRole("group", { name: "Layouts of folders" });
    await choose(app, form.getByRole("combobox", { name: "Folder", exact: true }), "Talks");
    await choose(app, form.getByRole("combobox", { name: "Its layout" }), "Shows");
    await form.getByRole("button", { name: "Add" }).click();
    await form.getByRole("combobox", { name: "Layout of Talks" }).waitFor();
    await expect.poll(files).toContainEqual(expect.stringMatching(/^Talks\/[^/]+\/Season \d+\/.+\.mp4$/));
    await form.getByRole("combobox", { name: "Folder", exact: true }).getByText("Talks / Old").waitFor(); // what is left
    await app.accessible("an exported tree");
    await app.onPhone(() => app.fits("an exported tree on a phone"));
    await form.getByRole("button", { name: "Remove: Talks", exact: true }).click();
    await expect.poll(files).toContainEqual(film);
    await own.getByRole("status").waitFor({ state: "hidden" });
    await page.reload();
    await form.getByRole("button", { name: "Add" }).waitFor();
    expect(await form.getByRole("listitem").count()).toBe(0);
    // Another layout for the whole tree.
    await choose(app, own.getByRole("combobox", { name: "Layout", exact: true }), "Shows");
    await expect.poll(files).toContainEqual(expect.stringMatching(/^[^/]+\/Season \d+\/.+\.mp4$/));
  });
});

test("music of an exported tree becomes tagged copies, whose space is told, and links again", async ({ app }) => {
  await app.add({ path: "/media/a.m4a", folder: "Songs" });
  await exported(app, async (tree, files) => {
    await app.settings("Export");
    const own = region(app, tree);
    await choose(app, own.getByRole("combobox", { name: "Layout", exact: true }), "Music");
    const song = () => files().find((file) => file.endsWith(".m4a"));
    const copies = () => {
      const file = song();
      return file !== undefined && !file.startsWith("Songs/") && statSync(join(tree, app.user.name, file)).nlink === 1;
    };
    await expect.poll(() => song()?.startsWith("Songs/")).toBe(false);
    assert.equal(copies(), false);
    const tagged = own.getByRole("switch", { name: "Tagged copies of music" });
    await tagged.click();
    await own.getByText(/The copies take [\d.]+ [kM]B now/).waitFor();
    assert.equal(copies(), true);
    await tagged.click();
    await own.getByText(/The copies take/).waitFor({ state: "detached" });
    await expect.poll(copies).toBe(false);
  });
});

test("a tree that was removed is named as missing, and the page has its words in French", async ({ app }) => {
  await exported(app, async (tree) => {
    rmSync(tree, { recursive: true });
    await app.settings("Export");
    await region(app, tree).getByText("This folder was removed").waitFor();
    await app.speak("fr");
    await region(app, tree).getByText("Ce dossier a été supprimé").waitFor();
    await region(app, "Export").getByText("Votre bibliothèque n’a pas encore de dossier.").waitFor();
    await app.accessible("the export in French");
  });
  await app.speak("en");
});

test("the command and the names of an export follow what is chosen", async ({ app }) => {
  await app.add({ path: "/media/ok.mp4", folder: "Talks" });
  await app.settings("Export");
  const plan = region(app, "Export");
  await plan.getByText(/^Talks\/ok( \(\d{4}\))?\.mp4$/).waitFor();
  const form = plan.getByRole("group", { name: "Layouts of folders" });
  await choose(app, form.getByRole("combobox", { name: "Its layout" }), "Shows");
  await form.getByRole("button", { name: "Add" }).click();
  await plan.getByText(/^Talks\/[^/]+\/Season/).waitFor();
  const tagged = plan.getByRole("switch", { name: "Tagged copies of music" });
  expect(await tagged.count()).toBe(0); // only music is copied
  await choose(app, plan.getByRole("combobox", { name: "Layout", exact: true }), "Music");
  await tagged.click();
  await plan
    .getByText("mediafetcher export /srv/media --layout music --folder-layout 'Talks=show' --tagged", { exact: true })
    .waitFor();
  await choose(app, plan.getByRole("combobox", { name: "Layout", exact: true }), "Shows, by playlist");
  await plan
    .getByText("mediafetcher export /srv/media --layout show-by-playlist --folder-layout 'Talks=show'", { exact: true })
    .waitFor();
});

test("the names of an export stay while the server does not answer", async ({ app, server }) => {
  app.expected.push(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of 50|Failed to fetch|ERR_NETWORK/);
  await app.add({ path: "/media/ok.mp4", folder: "Talks" });
  await app.settings("Export");
  const plan = region(app, "Export");
  await choose(app, plan.getByRole("combobox", { name: "Layout", exact: true }), "Names of your own");
  const names = plan.getByRole("textbox", { name: "Names" });
  await names.fill("before/{title}");
  await plan.getByText("before/ok.mp4", { exact: true }).waitFor();
  await server.halt();
  try {
    await names.fill("after/{title}");
    await plan.getByRole("status").getByText("Can’t reach the server").waitFor();
    await expect(names).toHaveValue("after/{title}");
    await plan.getByText("before/ok.mp4", { exact: true }).waitFor();
    await app.accessible("the names of an export without a server");
  } finally {
    await server.resume();
  }
  await plan.getByText("after/ok.mp4", { exact: true }).waitFor({ timeout: 40_000 });
  await expect(plan.getByRole("status")).toHaveCount(0);
});

test.describe("a user who is no administrator", () => {
  test.use({ administrator: false });
  test("sees no exported trees", async ({ app }) => {
    await app.settings("Export");
    await region(app, "Export").waitFor();
    expect(await region(app, "Exported folders").count()).toBe(0);
  });
});
