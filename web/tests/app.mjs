/** MediaFetcher in a browser, as a user sees it: where things are on the page, and what is often done with them. */
import assert from "node:assert/strict";
import { accessible } from "./harness.mjs";

const ONGOING = "queued,running,paused,scheduled,expanded";
const PHONE = { width: 390, height: 844 };
let numbered = 0;

export class App {
  /** What a test provokes on purpose: patterns of errors on the console. */
  expected = [];
  /** What went wrong, and was not expected. */
  wrong = [];

  constructor({ page, server, site, user }) {
    Object.assign(this, { page, server, site, user });
  }

  /** Calls the API as the user. */
  async api(method, path, data) {
    const { page, server } = this;
    const answer = await page.request.fetch(server.url + path, { method, data, headers: { origin: server.url } });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.status() === 204 ? undefined : answer.json();
  }

  /** Waits until the server answers so. */
  async becomes(path, check) {
    for (const end = Date.now() + 60_000; ; ) {
      const answer = await this.api("GET", path);
      if (check(answer)) return answer;
      assert.ok(Date.now() < end, `${path} is still ${JSON.stringify(answer).slice(0, 1000)}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** A link of the fixture site that no test used before: what is known is not fetched again. */
  unused(path) {
    return this.site.url(`${path}${path.includes("?") ? "&" : "?"}n=${++numbered}`);
  }

  /** Downloads paths of the fixture site without the page. Returns: the items, in the order of the paths. */
  async add(...paths) {
    const urls = [];
    for (const each of paths) {
      const { path, ...more } = typeof each === "string" ? { path: each } : each;
      urls.push(path.startsWith("http") ? path : this.site.url(path));
      await this.api("POST", "/api/downloads", { url: urls.at(-1), ...more });
    }
    const { items } = await this.becomes("/api/items?limit=200", ({ items }) =>
      urls.every((url) => items.some(({ source_url }) => source_url === url)),
    );
    return urls.map((url) => items.find(({ source_url }) => source_url === url));
  }

  /** So many items without files; `channel`: all of them are of this one. */
  seed(count, channel = "") {
    this.server.seed(this.user.name, count, channel);
    this.expected.push(/status of 404|status of 503/); // they have no files
  }

  // Where things are
  box = () => this.page.getByRole("textbox", { name: "Paste a link" });
  row = (name) => this.page.locator("[data-download]", { hasText: name });
  download = (state, name) => this.page.locator(`[data-download][data-state=${state}]`, { hasText: name });
  cell = (title) => this.page.getByRole("gridcell", { name: title }).first();
  folder = (name) => this.page.getByRole("treeitem", { name });
  section = (name) => this.page.getByRole("region", { name, exact: true });
  toast = (words) => this.page.locator("[data-slot=toast]", { hasText: words }).first();
  media = () => this.page.locator("video");
  title = (name) => this.page.getByRole("heading", { level: 1, name });

  // What is done
  open = (path = "") => this.page.goto(this.server.url + path);
  go = (name) => this.page.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name }).click();
  press = (key) => this.page.keyboard.press(key);

  /** Opens the downloads. What is typed before they are shown would go into the box of the page before. */
  async downloads() {
    await this.go("Downloads");
    await this.title("Downloads").waitFor({ state: "attached" });
  }

  /** Opens what is known of the file on a watch page. Returns: where it stands. */
  async details() {
    await this.page.locator("summary", { hasText: "Details" }).click();
    return this.page.getByLabel("Details");
  }

  /** Opens one section of the settings. */
  async settings(name) {
    await this.go("Settings");
    await this.page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name, exact: true }).click();
    await this.page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  }

  /** Shows one view of the downloads. */
  async tab(name) {
    await this.page.getByRole("navigation", { name: "Downloads" }).getByRole("link", { name }).click();
  }

  /** Opens the menu of something and takes a choice. */
  async choose(target, name) {
    await target.click({ button: "right" });
    await this.page.getByRole("menuitem", { name }).click();
  }

  /** Takes a choice from the menu of a download. */
  async more(name, choice) {
    await this.row(name).getByRole("button", { name: /^More/ }).click();
    await this.page.getByRole("menuitem", { name: choice }).click();
  }

  /** Downloads a link through the page. */
  async fetch(url) {
    await this.downloads();
    await this.box().fill(url.startsWith("http") ? url : this.site.url(url));
    await this.box().press("Enter");
  }

  /** Another language for the page, as if it had been chosen in another browser. */
  async speak(language) {
    await this.api("PATCH", "/api/preferences", { language });
    await this.page.reload();
    await this.page.locator(`html[lang=${language}]`).waitFor();
  }

  /** Asks the server to stop everything that is under way. */
  async stopDownloads() {
    const { page, server } = this;
    const headers = { origin: server.url };
    const answer = await page.request.get(`${server.url}/api/downloads?state=${ONGOING}&limit=200`);
    const { downloads = [] } = await answer.json(); // none for a user who has signed out
    for (const { id } of downloads) await page.request.post(`${server.url}/api/downloads/${id}/cancel`, { headers });
  }

  /** Stops everything that is under way, and waits until the page shows it. */
  async cancelAll() {
    await this.stopDownloads();
    await this.page.waitForFunction(
      () =>
        !document.querySelector("[data-download]:is([data-state=running], [data-state=queued], [data-state=paused])"),
    );
  }

  /** As Ctrl+V does, without a clipboard. */
  paste = (text) =>
    this.page.evaluate((text) => {
      const data = new DataTransfer();
      data.setData("text", text);
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    }, text);

  /** Drags one thing onto another, as a mouse does. */
  async drag(from, to) {
    await from.hover();
    await this.page.mouse.down();
    await to.hover();
    await to.hover();
    await this.page.mouse.up();
  }

  // What is seen

  /** The player plays: it is not paused, and its time goes on. */
  plays = () =>
    this.media().evaluate(async (element) => {
      element.loop = true; // the files are short
      for (const from = element.currentTime; element.paused || element.currentTime === from; )
        await new Promise((done) => setTimeout(done, 50));
    });

  /** The player shows this item. */
  shows = (id) => this.page.waitForFunction((id) => document.querySelector("video")?.src.endsWith(`/media/${id}`), id);

  paused = () => this.media().evaluate((element) => element.paused);

  accessible = (what) => accessible(this.page, what);

  /** Nothing is wider than the window. */
  async fits(what) {
    const over = await this.page.evaluate(async () => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return [document.documentElement, ...document.querySelectorAll("main, main > div")]
        .map((each) => each.scrollWidth - each.clientWidth)
        .filter((more) => more > 0);
    });
    assert.deepEqual(over, [], `${what} is wider than its window`);
  }

  /** Does something at the size of a phone. */
  async onPhone(doing) {
    const before = this.page.viewportSize();
    await this.page.setViewportSize(PHONE);
    await doing();
    await this.page.setViewportSize(before);
  }
}
