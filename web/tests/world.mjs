// What all parts of the test share: one site, one server, one browser, one page that goes from part to part.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, open, startServer, startSite, WINDOW } from "./harness.mjs";

const played = [];

/** One part of the chain. It fails too if the page said anything wrong meanwhile. */
export function interaction(name, play) {
  played.push(name);
  test(name, async (context) => {
    world.page.wrong.length = 0;
    try {
      await play(context);
      assert.deepEqual(world.page.wrong, []);
    } catch (error) {
      if (world.page.wrong.length) console.error(name, world.page.wrong);
      if (process.env.PICTURES)
        await world.page.screenshot({ path: `${process.env.PICTURES}/${played.indexOf(name)}.png` });
      // What is open must not be in the way of the next one, nor the width of a phone.
      await world.page.setViewportSize(WINDOW);
      await world.page.goto(world.server.url).catch(() => {});
      throw error;
    }
  });
}

export const world = {
  /** Settings of the server, beside those of every test. */
  env: { MEDIAFETCHER_YTDLP_INDEX: "http://127.0.0.1:9/simple" }, // nothing is asked of others
  /** What comes before the server. */
  prepare: async () => {},
  /** What comes before the first interaction. */
  begin: async () => {},
  box: () => world.page.getByRole("textbox", { name: "Paste a link" }),
  row: (name) => world.page.locator("[data-download]", { hasText: name }),
  download: (state, name) => world.page.locator(`[data-download][data-state=${state}]`, { hasText: name }),
  cell: (title) => world.page.getByRole("gridcell", { name: title }).first(),
  folder: (name) => world.page.getByRole("treeitem", { name }),
  go: (name) => world.page.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name }).click(),
  /** Another language for the page, as if it had been chosen in another browser. */
  speak: async (language) => {
    await world.api("PATCH", "/api/preferences", { language });
    await world.page.reload();
    await world.page.locator(`html[lang=${language}]`).waitFor();
  },
  /** Opens one section of the settings. */
  settings: async (name) => {
    await world.go("Settings");
    await world.page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name, exact: true }).click();
    await world.page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  },
  /** Opens the menu of something and takes a choice. */
  choose: async (target, name) => {
    await target.click({ button: "right" });
    await world.page.getByRole("menuitem", { name }).click();
  },
  more: async (name, choice) => {
    await world.row(name).getByRole("button", { name: /^More/ }).click();
    await world.page.getByRole("menuitem", { name: choice }).click();
  },
  toast: (words) => world.page.locator("[data-slot=toast]", { hasText: words }).first(),
  /** Shows one view of the downloads. */
  tab: (name) => world.page.getByRole("navigation", { name: "Downloads" }).getByRole("link", { name }).click(),
  /** Downloads a link through the page and waits for its row. */
  fetch: async (path) => {
    await world.go("Downloads");
    await world.box().fill(world.site.url(path));
    await world.box().press("Enter");
  },
  api: async (method, path, data) => {
    const answer = await world.page.request.fetch(world.server.url + path, {
      method,
      data,
      headers: { origin: world.server.url },
    });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.status() === 204 ? undefined : answer.json();
  },
  /** Waits until the server answers so; what waits inside the page takes no promise for that, one is always true. */
  becomes: async (path, check) => {
    for (const end = Date.now() + 60_000; ; ) {
      const answer = await world.api("GET", path);
      if (check(answer)) return;
      assert.ok(Date.now() < end, `${path} is still ${JSON.stringify(answer).slice(0, 1000)}`);
      await world.page.waitForTimeout(100);
    }
  },
  /** Stops everything that is under way, whatever it is doing just now. */
  cancelAll: async () => {
    const { downloads } = await world.api(
      "GET",
      "/api/downloads?state=queued,running,paused,scheduled,expanded&limit=200",
    );
    for (const { id } of downloads)
      await world.page.request.post(`${world.server.url}/api/downloads/${id}/cancel`, {
        headers: { origin: world.server.url },
      });
    await world.page.waitForFunction(
      () =>
        !document.querySelector("[data-download]:is([data-state=running], [data-state=queued], [data-state=paused])"),
    );
  },
  accessible: (what) => accessible(world.page, what),
  /** Drags one thing onto another, as a mouse does. */
  drag: async (from, to) => {
    await from.hover();
    await world.page.mouse.down();
    await to.hover();
    await to.hover();
    await world.page.mouse.up();
  },
};

before(async () => {
  await new Promise(setImmediate); // hooks begin at once: the parts have not said yet what they need
  await world.prepare();
  world.site = await startSite();
  world.server = await startServer(`127.0.0.1:${world.site.port}`, world.env);
  world.browser = await launch();
  world.page = await open(world.browser, world.server.url);
  await world.begin();
});
after(async () => {
  await world.browser?.close();
  await world.server?.stop();
  await world.site?.stop();
});
