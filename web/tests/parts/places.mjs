// Places of the library beside its folders: playlists in the order of their site.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const rows = () => world.page.getByRole("main").getByRole("listitem");

interaction("a playlist is a page in the order of its site, and keeps the place of what is missing", async () => {
  const { page, site } = world;
  const options = { playlist: { folder: false } };
  await world.api("POST", "/api/downloads", { url: site.url("/list/6"), options });
  await world.becomes("/api/lists", ({ lists }) => lists.some(({ entries, items }) => entries === 6 && items === 6));
  const { items } = await world.api("GET", "/api/items?limit=200");
  for (const { id, source_url } of items)
    if (/same-name\/5/.test(source_url)) await world.api("DELETE", `/api/items/${id}`);
  await world.go("Library");
  await page.getByRole("navigation", { name: "Library" }).getByRole("link", { name: "Playlists" }).click();
  await page.getByRole("heading", { level: 1, name: /^Playlists/ }).waitFor();
  await world.accessible("the playlists");
  await page
    .getByRole("main")
    .getByRole("link", { name: /5 of 6 in your library/ })
    .click();
  await page.getByText("5 of 6 in your library").waitFor();
  assert.deepEqual(
    await rows().evaluateAll((all) =>
      all.map((each) => /^\d/.exec(each.innerText)?.[0] + (each.querySelector("a") ? "" : "-")),
    ),
    ["1", "2", "3", "4", "5-", "6"],
  );
  await world.accessible("a playlist");
  const missing = rows().nth(4);
  await missing.getByText("Not in your library").waitFor();
  await missing.getByRole("button", { name: /^Add: / }).click();
  const add = page.getByRole("dialog", { name: "Add", exact: true });
  assert.match(await add.getByRole("textbox", { name: "Paste a link" }).inputValue(), /same-name\/5/);
  await add.getByRole("button", { name: "Clear", exact: true }).click();
  await page.keyboard.press("Escape");
  await add.waitFor({ state: "detached" });
});

interaction("a playlist plays in its order", async () => {
  const { page } = world;
  await page.getByRole("link", { name: "Play all" }).click();
  for (const part of ["1", "2", "3", "4", "6"]) {
    await page.waitForFunction(
      async (part) => {
        const id = /watch\/(\d+)/.exec(location.pathname)?.[1];
        const item = id && (await (await fetch(`/api/items/${id}`)).json());
        return item && new RegExp(`same-name/${part}`).test(item.source_url);
      },
      part,
      { polling: 200 },
    );
    await page.waitForFunction(() => document.querySelector("video")?.paused === false);
    if (part !== "6") await page.keyboard.press("n");
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goBack();
  await page.getByText("5 of 6 in your library").waitFor();
  await world.accessible("a playlist on a phone");
  await page.setViewportSize({ width: 1440, height: 900 });
});
