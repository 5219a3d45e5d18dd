/**
 * The extension in a real Chromium, against a real server: `tests/system/test_extension.py` starts this.
 *
 * SERVER, TOKEN: the API; PUBLIC: its address in the pairing code; PAIRING, FINGERPRINT: what the page showed; SITE: a
 * site that wants a cookie; CANARY: the value of its cookies; RESOLVE: names that lead to this machine. Ends with 0
 * where everything was as it should be.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { type BrowserContext, chromium, type Page, type Worker } from "playwright-core";

const need = (name: string): string => process.env[name] ?? assert.fail(`${name} is not set`);
const [server, token, pairing, shown, site, canary] = [
  "SERVER",
  "TOKEN",
  "PAIRING",
  "FINGERPRINT",
  "SITE",
  "CANARY",
].map(need);
const extension = new URL("../../dist/test", import.meta.url).pathname;

interface Download {
  id: number;
  url: string;
  state: string;
  folder: string;
  item: number | null;
  error: { code: string; message: string } | null;
}

async function api<T>(path: string, method = "GET", body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`${server}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

const post = (path: string, body: object) => api<void>(path, "POST", body);

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error(`never: ${what}; ${JSON.stringify(await api("/api/downloads"))}`);
}

const download = (part: string, state: string) =>
  until(`a ${state} download of ${part}`, async () => {
    const { downloads } = await api<{ downloads: Download[] }>("/api/downloads");
    const found = downloads.find((one) => one.url.includes(part));
    if (found?.state === "failed") assert.fail(JSON.stringify(found.error));
    return found?.state === state && found;
  });

async function launch(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: false,
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      `--host-resolver-rules=${process.env.RESOLVE ?? ""}`,
      `--disable-extensions-except=${extension}`,
      `--load-extension=${extension}`,
    ],
  });
}

const clickMenu = (worker: Worker, tab: number, clicked: object) =>
  worker.evaluate(
    ([id, info]) => {
      const event = chrome.contextMenus.onClicked as unknown as { dispatch(...facts: unknown[]): void };
      event.dispatch({ menuItemId: "download", editable: false, frameId: 0, ...(info as object) }, { id });
    },
    [tab, clicked] as const,
  );

const badge = (worker: Worker, tabId?: number) =>
  worker.evaluate((id) => chrome.action.getBadgeText({ tabId: id }), tabId);

async function pair(page: Page): Promise<void> {
  await page.fill("#code", pairing ?? "");
  await page.waitForSelector("#check:not([hidden])");
  assert.equal(await page.textContent("#offered"), shown, "both sides show the same fingerprint");
  await page.click("#form button");
  await page.waitForSelector("#paired:not([hidden])");
  await page.click("#test");
  await page.waitForSelector("#status.good");
  assert.equal(await page.locator("#steps li.good").count(), 4, await page.innerText("#steps"));
}

/** The popup downloads the open page with the chosen quality, and keeps the choice. */
async function chooseAudio(popup: Page, film: Page): Promise<void> {
  await film.goto(`${site}/media/vp8_vorbis.webm`);
  await popup.reload();
  await popup.waitForSelector(".dot.on");
  assert.equal(await popup.locator("#cookies").getAttribute("open"), null, "no download waits for cookies");
  await popup.selectOption("#quality", "audio");
  await popup.click("#download");
  await popup.waitForSelector("#status.good");
  const { downloads } = await api<{ downloads: Download[] }>("/api/downloads");
  const audio = downloads.find((one) => one.url.endsWith("/media/vp8_vorbis.webm"));
  const { options } = await api<{ options: { audio?: string } }>(`/api/downloads/${audio?.id}`);
  assert.equal(options.audio, "m4a");
  await popup.reload();
  await popup.waitForSelector(".dot.on");
  assert.equal(await popup.inputValue("#quality"), "audio");
}

/** The popup downloads the open page with a preset, in the folder of before, and keeps both choices. */
async function choosePreset(popup: Page, film: Page): Promise<void> {
  await api("/api/presets/Phone", "PUT", { options: { max_height: 480, sponsorblock: true } });
  await post("/api/downloads", { url: `${site}/media/ok.mp4`, folder: "Films" });
  await film.goto(`${site}/media/av1_aac.mp4`);
  await popup.reload();
  await popup.waitForSelector("#presetRow:not([hidden])");
  await popup.selectOption("#quality", "");
  await popup.selectOption("#preset", "Phone");
  await popup.selectOption("#folder", "Films");
  await popup.click("#download");
  await popup.waitForSelector("#status.good");
  const { downloads } = await api<{ downloads: Download[] }>("/api/downloads");
  const sent = downloads.find((one) => one.url.endsWith("/media/av1_aac.mp4"));
  assert.equal(sent?.folder, "Films");
  const { options } = await api<{ options: object }>(`/api/downloads/${sent?.id}`);
  assert.deepEqual(options, { max_height: 480, sponsorblock: true });
  await popup.reload();
  await popup.waitForSelector(".dot.on");
  assert.deepEqual([await popup.inputValue("#preset"), await popup.inputValue("#folder")], ["Phone", "Films"]);
}

/** The popup says once why a link of the context menu was refused. */
async function refuse(popup: Page, worker: Worker, tab: number): Promise<void> {
  const linkUrl = `${site}/media/blocked.mp4`;
  await post("/api/sources/never", { url: linkUrl });
  await clickMenu(worker, tab, { pageUrl: `${site}/login`, linkUrl });
  await until("a refusal", async () => (await badge(worker, tab)) === "!");
  await popup.reload();
  await popup.waitForSelector("#refusal:not([hidden])");
  assert.match((await popup.textContent("#refusedReason")) ?? "", /blocked/);
  assert.equal(await popup.textContent("#refusedUrl"), linkUrl);
  await popup.reload();
  await popup.waitForSelector(".dot.on");
  assert.equal(await popup.isHidden("#refusal"), true);
}

async function run(context: BrowserContext): Promise<void> {
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  const id = new URL(worker.url()).host;
  const options = await context.newPage();
  const address = `chrome-extension://${id}/options.html`;
  await options.goto(address).catch((error: Error) => {
    // The extension opens it by itself when it is new, perhaps in this very tab.
    if (!error.message.includes("interrupted by another navigation")) throw error;
  });
  await options.waitForURL(address);
  await pair(options);
  console.log("paired");

  const film = await context.newPage();
  await film.goto(`${site}/login?value=${canary}`);
  const tab = await worker.evaluate(
    async (origin) => (await chrome.tabs.query({})).find((one) => one.url?.startsWith(origin))?.id ?? -1,
    site ?? "",
  );

  // Without cookies the download waits, and the badge says so.
  await clickMenu(worker, tab, { pageUrl: `${site}/login`, linkUrl: `${site}/members` });
  const parked = await download("/members", "needs_action");
  await worker.evaluate(() => chrome.alarms.create("look", { when: Date.now() }));
  await until("a badge", async () => (await badge(worker)) === "1");
  console.log("parked", parked.error?.code);

  // The popup shows the site and the number first; one click sends them, and the download goes on by itself.
  const popup = await context.newPage();
  await popup.setViewportSize({ width: 340, height: 520 });
  await popup.goto(`chrome-extension://${id}/popup.html?tab=${tab}`);
  await popup.waitForSelector(".dot.on");
  await popup.waitForSelector("#parked li");
  assert.equal(await popup.textContent("#site"), new URL(site ?? "").hostname);
  await until("the number of cookies", async () => (await popup.textContent("#count"))?.startsWith("5 "));
  if (process.env.SHOTS) await popup.screenshot({ path: `${process.env.SHOTS}/popup.png` });
  await popup.click("#extract");
  await popup.waitForSelector("#status.good");
  assert.match((await popup.textContent("#status")) ?? "", /5 .*1 /s);
  const done = await download("/members", "done");
  console.log("extracted");

  const item = await api<{ source_url: string; media: { kind: string } }>(`/api/items/${done.item}`);
  assert.equal(item.source_url, `${site}/members`);
  assert.equal(item.media.kind, "video/mp4");
  const { cookies } = await api<{ cookies: { site: string; cookies: number; succeeded_at: string }[] }>("/api/cookies");
  assert.equal(cookies.length, 1);
  assert.ok(cookies[0]?.succeeded_at);
  console.log("in the library");

  // The badge rests again; a player's blob: address means the page.
  await until("no badge", async () => (await badge(worker)) === "");
  await clickMenu(worker, tab, { pageUrl: `${site}/media/ok.mp4`, srcUrl: `blob:${site}/1`, mediaType: "video" });
  await download("/media/ok.mp4", "done");
  console.log("page instead of blob");

  await chooseAudio(popup, film);
  console.log("audio");
  await choosePreset(popup, film);
  console.log("preset");
  await refuse(popup, worker, tab);
  console.log("refused");

  // Following is decided on the server's page, which shows first what would be downloaded.
  const opened = context.waitForEvent("page");
  await clickMenu(worker, tab, { menuItemId: "follow", pageUrl: `${site}/list/3`, linkUrl: undefined });
  const follow = await opened;
  await follow.waitForURL(`${need("PUBLIC")}/following/new?url=${encodeURIComponent(`${site}/list/3`)}`);
  console.log("follow");
}

const profile = mkdtempSync(`${tmpdir()}/mf-extension-`);
const context = await launch(profile);
try {
  await run(context);
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
