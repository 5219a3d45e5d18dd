// What holds for all pages.
import assert from "node:assert/strict";
import { test } from "./fixtures.mjs";
import { open, signIn } from "./harness.mjs";

const WINDOW = { width: 1440, height: 900 };

const FIRST_VISIT = 230_000; // bytes, as they travel

test("the first visit is light", async ({ app, browser, user }) => {
  await app.add("/media/ok.mp4");
  const fresh = await open(browser, "about:blank");
  const network = await fresh.context().newCDPSession(fresh);
  await network.send("Network.enable");
  let bytes = 0;
  const posters = new Set(); // what the person keeps is no part of the page
  network.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (new URL(request.url).pathname.startsWith("/media/")) posters.add(requestId);
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (!posters.has(requestId)) bytes += encodedDataLength;
  });
  await fresh.goto(app.server.url);
  await signIn(fresh, user);
  await fresh.getByText("Recently added").waitFor();
  await fresh.waitForLoadState("load");
  assert.deepEqual(fresh.wrong, []);
  await fresh.context().close();
  assert.ok(bytes > 50_000 && bytes <= FIRST_VISIT, `${bytes} bytes`);
});

/** Pixels from the player to the title of its item; 0 on a page without a player. */
const below = (page) =>
  page.evaluate(() => {
    const slot = document.querySelector("[data-slot=player]");
    const title = document.querySelector("main h1");
    return slot && title ? title.getBoundingClientRect().top - slot.getBoundingClientRect().bottom : 0;
  });

test("every page is accessible in both themes, on desktop and phone", async ({ app, page, server }) => {
  test.setTimeout(300_000);
  const [item] = await app.add("/media/h264_baseline.mp4");
  const paths = [
    "/",
    "/downloads",
    "/downloads?show=action",
    "/downloads?show=history",
    "/library",
    "/library?view=list",
    "/trash",
    `/watch/${item.id}`,
    "/settings",
    "/settings/limits",
    "/nowhere",
  ];
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    await page.setViewportSize(viewport);
    for (const path of paths) {
      await page.goto(server.url + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("load");
      await app.accessible(`${path} ${viewport.width}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${path} is wider than the ${viewport.width} px of the screen by ${overflow}`);
      assert.ok((await below(page)) < 200, `the title of the item is below its player at ${viewport.width} px`);
    }
  }
});

test("phone size: folders in a drawer, everything within the width", async ({ app, page, server }) => {
  await app.api("POST", "/api/folders", { path: "Trips" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${server.url}/library`);
  await page.getByRole("button", { name: "Folders", exact: true }).click();
  const drawer = page.getByRole("dialog");
  await drawer.getByRole("treeitem", { name: "Trips" }).waitFor();
  assert.equal(await drawer.getByText("All media", { exact: true }).count(), 1);
  await drawer.getByRole("treeitem", { name: "Trips" }).click();
  await page.getByRole("heading", { level: 1, name: "Trips" }).waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const places = await page
    .getByRole("navigation", { name: "Main" })
    .last()
    .getByRole("link")
    .evaluateAll((links) => links.map((link) => link.getBoundingClientRect().top));
  assert.equal(new Set(places).size, 1, "the navigation is one row");
  await page.setViewportSize(WINDOW);
});

test("sign out and in", async ({ app, page, user }) => {
  await app.settings("Account");
  await page.getByRole("region", { name: "Account" }).getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(page, user);
});
