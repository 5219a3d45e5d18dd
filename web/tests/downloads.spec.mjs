// Links in, by every way there is, and what becomes of them.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";

const played = (media) =>
  media.evaluate(async (element) => {
    element.muted = true;
    await element.play();
    while (element.currentTime < 0.3)
      await new Promise((done) => element.addEventListener("timeupdate", done, { once: true }));
    element.pause();
    return { width: element.videoWidth, height: element.videoHeight };
  });

test("fetch to watch: a pasted link shows its progress, ends in the library and plays", async ({ app, page }) => {
  await app.downloads();
  await app.box().fill(app.unused("/slow/30/ok.mp4"));
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.waitForFunction(() => {
    const now = Number(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow"));
    return now > 10 && now < 90;
  });
  await app.tab("History");
  await app.download("done", "ok").waitFor();
  await app.go("Library");
  await app.cell("ok").click();
  const { width, height } = await played(page.locator("video"));
  assert.ok(width > 0 && height > 0, "there is a picture");
});

test("refresh in mid-download", async ({ app, page }) => {
  await app.fetch(app.unused("/slow/4/vp9_opus.webm"));
  await app.download("running", "vp9_opus").getByRole("progressbar").waitFor();
  await page.reload();
  await app.download("running", "vp9_opus").getByRole("progressbar").waitFor();
});

test("two tabs show the same download", async ({ app, page, server }) => {
  await app.fetch(app.unused("/slow/4/vp9_opus.webm"));
  await app.download("running", "vp9_opus").waitFor();
  const second = await page.context().newPage();
  await second.goto(`${server.url}/downloads`);
  const there = second.locator("[data-download]", { hasText: "vp9_opus" });
  await there.waitFor();
  await app
    .row("vp9_opus")
    .getByRole("button", { name: /^Pause/ })
    .click();
  await second.locator("[data-download][data-state=paused]", { hasText: "vp9_opus" }).waitFor();
  await there.getByRole("button", { name: /^Resume/ }).click();
  await app.download("running", "vp9_opus").waitFor({ timeout: 30_000 });
  await second.close();
});

test("several links at once, into a new folder", async ({ app, page, site }) => {
  await app.downloads();
  await app.tab("History");
  await app.box().fill(`${site.url("/media/h264_aac.mkv")}\n${site.url("/media/a.mp3")}`);
  await page.getByText("2 links", { exact: true }).waitFor();
  await page.getByRole("combobox", { name: "Folder" }).click();
  await page.getByRole("option", { name: "New folder…" }).click();
  await page.getByRole("textbox", { name: "New folder" }).fill("Trips/Sea");
  await page.getByRole("button", { name: "Download 2 links" }).click();
  await app.toast("2 links added to the queue").waitFor();
  await app.download("done", "h264_aac").waitFor({ timeout: 60_000 });
  await page
    .locator("[data-download][data-state=done]")
    .filter({ has: page.getByText("a", { exact: true }) })
    .waitFor();
  await app.folder("Trips").waitFor();
});

test("what is no link is refused in words", async ({ app, page }) => {
  await app.downloads();
  app.expected.push(/status of 400/);
  await app.box().fill("just words");
  await page.getByText("No link found. Paste a full http:// or https:// address.").waitFor();
  await app.box().fill("http://127.0.0.1:99999/x.mp4");
  await app.box().press("Enter");
  await page.getByRole("alert").filter({ hasText: "This is not a valid link" }).waitFor();
  assert.equal(await app.box().inputValue(), "http://127.0.0.1:99999/x.mp4", "what was refused stays in the box");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

test("a link that is in the library already answers with its item", async ({ app, page, site }) => {
  await app.add({ path: "/media/a.mp3", folder: "Trips/Sea" });
  await app.downloads();
  await app.box().fill(site.url("/media/a.mp3"));
  await page.getByRole("combobox", { name: "Folder" }).click();
  await page.getByRole("option", { name: "Trips / Sea" }).click();
  await app.box().press("Enter");
  await app.toast("Already in your library").getByRole("button", { name: "Play" }).click();
  await page.locator("video").waitFor();
});

test("a link pasted anywhere on the page", async ({ app, page, site }) => {
  await app.downloads();
  await page.getByText("Speed", { exact: true }).click();
  await page.evaluate((link) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", link);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }, site.url("/media/b.mp4"));
  assert.equal(await app.box().inputValue(), site.url("/media/b.mp4"));
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

test("a link dropped on the page", async ({ app, page, site }) => {
  await app.downloads();
  await page.evaluate((link) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("text/uri-list", link);
    document.querySelector("textarea").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
  }, site.url("/media/c.mp4"));
  assert.equal(await app.box().inputValue(), site.url("/media/c.mp4"));
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

test("the share sheet of a phone", async ({ app, page, server, site }) => {
  const shared = new URLSearchParams({ title: "A film", text: `Look: ${site.url("/media/ok.mp4")}` });
  await app.open(`/?${shared}`);
  await page.waitForFunction(() => document.querySelector("textarea")?.value.endsWith("/media/ok.mp4"));
  const manifest = await (await page.request.get(`${server.url}/manifest.webmanifest`)).json();
  assert.deepEqual(Object.keys(manifest.share_target.params), ["title", "text", "url"]);
  for (const { src } of manifest.icons) assert.ok((await page.request.get(server.url + src)).ok(), src);
});

test("only the sound of a film", async ({ app, page, site }) => {
  await app.downloads();
  await app.box().fill(site.url("/page/og"));
  await page.getByRole("combobox", { name: "Quality" }).click();
  await page.getByRole("option", { name: "Audio only · M4A" }).click();
  await app.box().press("Enter");
  await app.tab("History");
  await app.download("done", "OG title").waitFor({ timeout: 60_000 });
  const { items } = await app.api("GET", "/api/items?kind=audio");
  assert.ok(items.some(({ title, media }) => title === "OG title" && media.kind === "audio/mp4"));
});

test("a link that fails needs attention in words", async ({ app, page }) => {
  app.expected.push(/status of 422 .*\/api\/preview/); // the composer may look at the link before it is sent
  await app.fetch("/status/404/film.mp4");
  await app.tab("Needs action");
  const failed = page.locator("[data-download][data-state=failed]");
  await failed.getByText("Nothing found at this link").waitFor({ timeout: 30_000 });
  await failed.getByRole("button", { name: /^Remove from list/ }).click();
  await failed.waitFor({ state: "detached" });
  await page.getByText("Nothing needs action").waitFor();
});

test("pause and resume", async ({ app }) => {
  await app.fetch(app.unused("/slow/5/h264_opus.mp4"));
  await app.download("running", "h264_opus").waitFor();
  await app
    .row("h264_opus")
    .getByRole("button", { name: /^Pause/ })
    .click();
  await app.download("paused", "h264_opus").waitFor();
  await app
    .row("h264_opus")
    .getByRole("button", { name: /^Resume/ })
    .click();
  await app.download("running", "h264_opus").waitFor({ timeout: 30_000 });
});

test("cancel, and undo", async ({ app }) => {
  await app.fetch(app.unused("/slow/5/h264_opus.mp4"));
  await app.download("running", "h264_opus").waitFor();
  await app.more("h264_opus", "Cancel");
  await app.tab("History");
  await app.download("cancelled", "h264_opus").waitFor();
  await app.toast("Download cancelled").getByRole("button", { name: "Undo" }).click();
  await app.tab("Active");
  await app.page
    .locator("[data-download]:is([data-state=running], [data-state=queued])", { hasText: "h264_opus" })
    .waitFor({ timeout: 30_000 });
  await app.cancelAll();
  await app.tab("History");
  await app.download("cancelled", "h264_opus").waitFor();
});

test("retry", async ({ app }) => {
  await app.fetch(app.unused("/slow/5/h264_opus.mp4"));
  await app.download("running", "h264_opus").waitFor();
  await app.cancelAll();
  await app.tab("History");
  await app.download("cancelled", "h264_opus").waitFor();
  await app
    .row("h264_opus")
    .getByRole("button", { name: /^Retry/ })
    .click();
  await app.tab("Active");
  await app.download("running", "h264_opus").waitFor({ timeout: 30_000 });
  await app.cancelAll();
});

test("a download that failed is edited and tried again with the old wishes", async ({ app, page, site }) => {
  app.expected.push(/status of 422 .*\/api\/preview/); // the link that failed is looked at again
  const wish = { url: app.unused("/status/404/film.mp4"), folder: "Trips", options: { max_height: 480 } };
  await app.api("POST", "/api/downloads", wish);
  await app.open("/downloads?show=action");
  await app.download("failed", "film").waitFor({ timeout: 60_000 });
  await app.more("film", "Edit and retry");
  const add = page.getByRole("dialog", { name: "Add", exact: true });
  const box = add.getByRole("textbox", { name: "Paste a link" });
  assert.equal(await box.inputValue(), wish.url);
  await add.getByRole("combobox", { name: "Folder" }).filter({ hasText: "Trips" }).waitFor();
  await add.getByRole("combobox", { name: "Quality" }).filter({ hasText: "480p" }).waitFor();
  await box.fill(site.url("/media/ok.mp4"));
  await add.getByRole("button", { name: "Download", exact: true }).click();
  const { items } = await app.becomes("/api/items", ({ items }) => items.length === 1);
  assert.equal(items[0].folder, "Trips");
  await app.becomes("/api/downloads", ({ downloads }) => downloads.length === 1); // the failed one is gone
  const { downloads } = await app.api("GET", "/api/downloads");
  assert.equal(downloads[0].options.max_height, 480);
});

test("many downloads are cleared in one request", async ({ app, page }) => {
  await app.add("/media/ok.mp4", "/media/a.mp3", "/media/h264_baseline.mp4");
  await app.open("/downloads?show=history");
  await expect(page.locator("[data-download]")).toHaveCount(3);
  const asked = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (request.method() !== "GET" && path.startsWith("/api/downloads")) asked.push(`${request.method()} ${path}`);
  });
  await page.getByRole("button", { name: "Clear list" }).click();
  await expect(page.locator("[data-download]")).toHaveCount(0);
  assert.deepEqual(asked, ["POST /api/downloads/actions"]);
});

test("retry all leaves out what can never work", async ({ app, page }) => {
  const paths = ["/drm.m3u8", "/page/none", "/status/403/x"];
  for (const path of paths) await app.api("POST", "/api/downloads", { url: app.unused(path) });
  await app.becomes("/api/downloads", ({ downloads }) =>
    downloads.every(({ state }) => state === "failed" || state === "needs_action"),
  );
  await app.downloads();
  await app.tab("Needs action");
  await expect(page.locator("[data-download]")).toHaveCount(paths.length);
  const sent = page.waitForRequest((one) => one.url().endsWith("/api/downloads/actions"));
  await page.getByRole("button", { name: "Retry all" }).click();
  const { action, ids } = (await sent).postDataJSON();
  const { downloads } = await app.api("GET", "/api/downloads");
  const forbidden = downloads.find(({ url }) => url.includes("/status/403"));
  assert.deepEqual({ action, ids }, { action: "retry", ids: [forbidden.id] });
  await app.api("DELETE", `/api/downloads/${forbidden.id}`).catch(() => {});
});

test("retry all is not offered if nothing can be tried again", async ({ app, page }) => {
  for (const path of ["/drm.m3u8", "/page/none"]) await app.api("POST", "/api/downloads", { url: app.unused(path) });
  await app.becomes("/api/downloads", ({ downloads }) => downloads.every(({ state }) => state === "failed"));
  await app.downloads();
  await app.tab("Needs action");
  await expect(page.locator("[data-download]")).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Retry all" })).toHaveCount(0);
});
