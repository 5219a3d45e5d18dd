// What a screen reader finds: titles, headings, landmarks, names, and what is said without being looked for.
import assert from "node:assert/strict";
import { faults } from "./faults.mjs";
import { expect, test } from "./fixtures.mjs";

test("a screen reader finds a title, a first heading, and a name for everything, on every page", async ({
  app,
  page,
}) => {
  app.expected.push(/api\/extension/); // it is not built here
  const [item] = await app.add({ path: "/media/ok.mp4", folder: "Trips" }, "/media/a.mp3");
  const pages = [
    ["/", "Home"],
    ["/library", "Library"],
    ["/library?view=list", "Library"],
    ["/channels", "Channels"],
    ["/playlists", "Playlists"],
    ["/downloads", "Downloads"],
    ["/downloads?show=history", "Downloads"],
    ["/following", "Following"],
    ["/notifications", "Notifications"],
    ["/trash", "Trash"],
    [`/watch/${item.id}`, item.title],
    ["/settings/general", "General · Settings"],
    ["/settings/limits", "Limits · Settings"],
    ["/settings/notifications", "Notifications · Settings"],
    ["/nowhere", "Page not found"],
  ];
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const [path, title] of pages) {
      await app.open(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await expect(page).toHaveTitle(`${title} · MediaFetcher`);
      await page.waitForLoadState("load");
      assert.deepEqual(await faults(page), [], `${path} at ${width} px`);
    }
  }
});

test("what happens elsewhere is said: a download that ends, one that fails, the server that is away", async ({
  app,
  page,
  server,
}) => {
  app.expected.push(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|status of 50|ERR_NETWORK/);
  // Texts that appear in a live region: what a screen reader says by itself.
  await page.addInitScript(() => {
    window.said = [];
    const note = (node) => {
      const live = node?.closest?.("[aria-live],[role=status],[role=alert],[role=log]");
      if (live && live.getAttribute("aria-live") !== "off") window.said.push(live.textContent);
    };
    addEventListener("DOMContentLoaded", () =>
      new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
          note(target.nodeType === Node.TEXT_NODE ? target.parentElement : target);
          for (const node of addedNodes) {
            note(node.nodeType === Node.TEXT_NODE ? node.parentElement : node);
            for (const each of node.querySelectorAll?.("[aria-live],[role=status],[role=alert]") ?? []) note(each);
          }
        }
      }).observe(document.documentElement, { subtree: true, childList: true, characterData: true }),
    );
  });
  const said = (words) =>
    page.waitForFunction((words) => window.said.some((each) => each.includes(words)), words, { timeout: 60_000 });
  await app.open("/library");
  await page.getByText("Connected", { exact: true }).waitFor();
  await app.api("POST", "/api/downloads", { url: app.unused("/media/ok.mp4") });
  await said("Ready to watch");
  await app.api("POST", "/api/downloads", { url: app.unused("/status/404/film.mp4") });
  await said("Failed");
  await server.halt();
  try {
    await said("Can’t reach the server");
  } finally {
    await server.resume();
  }
});
