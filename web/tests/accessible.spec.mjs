// Every page with something on it, for a screen reader and by axe, in both themes, on desktop and phone.
import assert from "node:assert/strict";
import { faults } from "./faults.mjs";
import { test } from "./fixtures.mjs";
import { accessibility } from "./harness.mjs";
import { everyPage } from "./pages.mjs";

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

test("every page with something on it is accessible, named and within its window", async ({ app, page }) => {
  test.setTimeout(600_000);
  app.expected.push(/api\/extension/, /status of 4/); // the extension is not built here, and a download fails
  const paths = [...(await everyPage(app)), "/following/new", "/settings/export"];
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const path of paths) {
      await app.open(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("load");
      const what = `${path} at ${size.width} px`;
      await app.accessible(what);
      assert.deepEqual(await faults(page), [], what);
      await app.fits(what);
    }
  }
});

test("what a share link shows is accessible and within its window", async ({ app, page, server }) => {
  const [film] = await app.add({ path: "/media/ok.mp4", folder: "Trips" });
  await app.add({ path: "/media/a.mp3", folder: "Trips" });
  app.expected.push(/status of 404/);
  const share = async (wanted) => (await app.api("POST", "/api/shares", wanted)).url;
  const addresses = [
    await share({ item: film.id }),
    await share({ folder: "Trips" }),
    await share({ q: "ok" }),
    `${server.url}/s/no-such-link`,
  ];
  for (const address of addresses)
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.goto(address);
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await accessibility(page), [], `${address} ${size.width} px, ${colorScheme}`);
      }
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${address} is ${over} px wider than a window of ${size.width} px`);
    }
});
