// Links in, by every way there is, and what becomes of them.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const { box, row, download, cell, go, toast } = world;
const played = (media) =>
  media.evaluate(async (element) => {
    element.muted = true;
    await element.play();
    while (element.currentTime < 0.3)
      await new Promise((done) => element.addEventListener("timeupdate", done, { once: true }));
    element.pause();
    return { width: element.videoWidth, height: element.videoHeight };
  });

interaction("fetch to watch: a pasted link shows its progress, ends in the library and plays", async () => {
  const { page, site } = world;
  await go("Downloads");
  await box().fill(site.url("/slow/60/ok.mp4"));
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.waitForFunction(() => {
    const now = Number(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow"));
    return now > 10 && now < 90;
  });
  await world.tab("History");
  await download("done", "ok").waitFor();
  await go("Library");
  await cell("ok").click();
  const { width, height } = await played(page.locator("video"));
  assert.ok(width > 0 && height > 0, "there is a picture");
});

interaction("refresh in mid-download", async () => {
  const { page } = world;
  await world.fetch("/slow/25/vp9_opus.webm");
  await download("running", "vp9_opus").getByRole("progressbar").waitFor();
  await page.reload();
  await download("running", "vp9_opus").getByRole("progressbar").waitFor();
});

interaction("two tabs show the same download", async () => {
  const { page, server } = world;
  const second = await page.context().newPage();
  await second.goto(`${server.url}/downloads`);
  const there = second.locator("[data-download]", { hasText: "vp9_opus" });
  await there.waitFor();
  await row("vp9_opus")
    .getByRole("button", { name: /^Pause/ })
    .click();
  await second.locator("[data-download][data-state=paused]", { hasText: "vp9_opus" }).waitFor();
  await there.getByRole("button", { name: /^Resume/ }).click();
  await download("running", "vp9_opus").waitFor({ timeout: 30_000 });
  await second.close();
});

interaction("the browser is offline and comes back", async () => {
  const { page } = world;
  page.expected.push(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_INCOMPLETE_CHUNKED/);
  await page.context().setOffline(true);
  // A stream that is open stays so: it is the next one that finds nobody.
  await page.reload().catch(() => {});
  await page.context().setOffline(false);
  await page.goto(`${world.server.url}/downloads`);
  await page.getByText("Connected", { exact: true }).waitFor({ timeout: 20_000 });
  await world.tab("History");
  await download("done", "vp9_opus").waitFor({ timeout: 60_000 });
});

interaction("several links at once, into a new folder", async () => {
  const { page, site } = world;
  await box().fill(`${site.url("/media/h264_aac.mkv")}\n${site.url("/media/a.mp3")}`);
  await page.getByText("2 links", { exact: true }).waitFor();
  await page.getByRole("combobox", { name: "Folder" }).click();
  await page.getByRole("option", { name: "New folder…" }).click();
  await page.getByRole("textbox", { name: "New folder" }).fill("Trips/Sea");
  await page.getByRole("button", { name: "Download 2 links" }).click();
  await toast("2 links added to the queue").waitFor();
  await download("done", "h264_aac").waitFor({ timeout: 60_000 });
  await page
    .locator("[data-download][data-state=done]")
    .filter({ has: page.getByText("a", { exact: true }) })
    .waitFor();
  await world.folder("Trips").waitFor();
});

interaction("what is no link is refused in words", async () => {
  const { page } = world;
  page.expected.push(/status of 400/);
  await box().fill("just words");
  await page.getByText("No link found. Paste a full http:// or https:// address.").waitFor();
  await box().fill("http://127.0.0.1:99999/x.mp4");
  await box().press("Enter");
  await page.getByRole("alert").filter({ hasText: "This is not a valid link" }).waitFor();
  assert.equal(await box().inputValue(), "http://127.0.0.1:99999/x.mp4", "what was refused stays in the box");
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

interaction("a link that is in the library already answers with its item", async () => {
  const { page, site } = world;
  await box().fill(site.url("/media/a.mp3"));
  await page.getByRole("combobox", { name: "Folder" }).click();
  await page.getByRole("option", { name: "Trips / Sea" }).click();
  await box().press("Enter");
  await toast("Already in your library").getByRole("button", { name: "Play" }).click();
  await page.locator("video").waitFor();
});

interaction("a link pasted anywhere on the page", async () => {
  const { page, site } = world;
  await go("Downloads");
  await page.getByText("Speed", { exact: true }).click();
  await page.evaluate((link) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", link);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }, site.url("/media/b.mp4"));
  assert.equal(await box().inputValue(), site.url("/media/b.mp4"));
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

interaction("a link dropped on the page", async () => {
  const { page, site } = world;
  await page.evaluate((link) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("text/uri-list", link);
    document.querySelector("textarea").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
  }, site.url("/media/c.mp4"));
  assert.equal(await box().inputValue(), site.url("/media/c.mp4"));
  await page.getByRole("button", { name: "Clear", exact: true }).click();
});

interaction("the share sheet of a phone", async () => {
  const { page, server, site } = world;
  const shared = new URLSearchParams({ title: "A film", text: `Look: ${site.url("/media/ok.mp4")}` });
  await page.goto(`${server.url}/?${shared}`);
  await page.waitForFunction(() => document.querySelector("textarea")?.value.endsWith("/media/ok.mp4"));
  const manifest = await (await page.request.get(`${server.url}/manifest.webmanifest`)).json();
  assert.deepEqual(Object.keys(manifest.share_target.params), ["title", "text", "url"]);
  for (const { src } of manifest.icons) assert.ok((await page.request.get(server.url + src)).ok(), src);
});

interaction("only the sound of a film", async () => {
  const { page, site } = world;
  await go("Downloads");
  await box().fill(site.url("/page/og"));
  await page.getByRole("combobox", { name: "Quality" }).click();
  await page.getByRole("option", { name: "Audio only · M4A" }).click();
  await box().press("Enter");
  await world.tab("History");
  await download("done", "OG title").waitFor({ timeout: 60_000 });
  const { items } = await world.api("GET", "/api/items?kind=audio");
  assert.ok(items.some(({ title, media }) => title === "OG title" && media.kind === "audio/mp4"));
});

interaction("a link that fails needs attention in words", async () => {
  const { page } = world;
  page.expected.push(/status of 422 .*\/api\/preview/); // the composer may look at the link before it is sent
  await world.fetch("/status/404/film.mp4");
  await world.tab("Needs action");
  const failed = page.locator("[data-download][data-state=failed]");
  await failed.getByText("Nothing found at this link").waitFor({ timeout: 30_000 });
  await failed.getByRole("button", { name: /^Remove from list/ }).click();
  await failed.waitFor({ state: "detached" });
  await page.getByText("Nothing needs action").waitFor();
});

interaction("pause and resume", async () => {
  await world.fetch("/slow/15/h264_opus.mp4");
  await download("running", "h264_opus").waitFor();
  await row("h264_opus")
    .getByRole("button", { name: /^Pause/ })
    .click();
  await download("paused", "h264_opus").waitFor();
  await row("h264_opus")
    .getByRole("button", { name: /^Resume/ })
    .click();
  await download("running", "h264_opus").waitFor({ timeout: 30_000 });
});

interaction("cancel, and undo", async () => {
  await world.more("h264_opus", "Cancel");
  await world.tab("History");
  await download("cancelled", "h264_opus").waitFor();
  await toast("Download cancelled").getByRole("button", { name: "Undo" }).click();
  await world.tab("Active");
  await world.page
    .locator("[data-download]:is([data-state=running], [data-state=queued])", { hasText: "h264_opus" })
    .waitFor({ timeout: 30_000 });
  await world.cancelAll();
  await world.tab("History");
  await download("cancelled", "h264_opus").waitFor();
});

interaction("retry", async () => {
  await row("h264_opus")
    .getByRole("button", { name: /^Retry/ })
    .click();
  await world.tab("Active");
  await download("running", "h264_opus").waitFor({ timeout: 30_000 });
  await world.cancelAll();
});
