/**
 * Fixtures of the tests in a browser. A worker has one fixture site and one server; each test has a user and a page of
 * its own, so that no test depends on another.
 */
import { test as base } from "@playwright/test";
import { App } from "./app.mjs";
import { startServer, startSite } from "./harness.mjs";

const ADMINISTRATOR = { name: "Root", password: "a sentence for the administrator" };
export const PASSWORD = "a long enough sentence";
let users = 0;

/** Calls the API as the user of `request`. */
export async function call(request, server, method, path, data) {
  const answer = await request.fetch(server.url + path, { method, data, headers: { origin: server.url } });
  if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
}

/** Remembers what goes wrong in a page: errors on the console, exceptions, violations of the CSP, failed calls. */
export async function watch(page, app) {
  const note = (words) => app.expected.some((pattern) => pattern.test(words)) || app.wrong.push(words);
  page.on("console", (message) => message.type() === "error" && note(`${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => note(`exception: ${error.stack}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    );
    if (location.protocol === "http:" && !localStorage.getItem("mf.player"))
      localStorage.setItem("mf.player", JSON.stringify({ muted: true }));
  });
}

export const test = base.extend({
  /** Settings of the server beside those of every test; a file that has its own gets a server of its own. */
  serverEnv: [{}, { option: true, scope: "worker" }],
  /** Whether the user is removed after the test. Many items take long; a file that leaves them has its own server. */
  removesUser: [true, { option: true }],
  /** Whether the user is an administrator. */
  administrator: [true, { option: true }],

  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants the pattern
    async ({}, use) => {
      const site = await startSite();
      await use(site);
      await site.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],

  /** A server with its administrator, who is not the user of a test. */
  server: [
    async ({ playwright, site, serverEnv }, use) => {
      const env = {
        MEDIAFETCHER_YTDLP_INDEX: "http://127.0.0.1:9/simple", // nothing is asked of others
        MEDIAFETCHER_HOUSEKEEPING_SECONDS: "3600", // what it would remove is looked at first
        ...serverEnv,
      };
      const server = await startServer(`127.0.0.1:${site.port}`, env);
      const request = await playwright.request.newContext();
      await call(request, server, "POST", "/api/setup", { code: server.setupCode(), ...ADMINISTRATOR });
      server.administrator = (method, path, data) => call(request, server, method, path, data);
      await use(server);
      await request.dispose();
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],

  /** A user of this test alone, who is removed with everything they have. */
  user: async ({ server, administrator, removesUser }, use) => {
    const user = { name: `Ada ${++users}`, password: PASSWORD };
    const { id } = await server.administrator("POST", "/api/users", { ...user, admin: administrator });
    await use({ ...user, id });
    if (!removesUser) return;
    await server.administrator("DELETE", `/api/users/${id}`).catch((reason) => console.error(String(reason)));
  },

  /** MediaFetcher as the user sees it: signed in, with nothing in the library. It ends without anything wrong. */
  app: async ({ page, server, site, user }, use) => {
    const app = new App({ page, server, site, user });
    await watch(page, app);
    const { name, password } = user;
    await app.api("POST", "/api/session", { name, password });
    await page.goto(server.url);
    await page.locator("main h1").first().waitFor({ state: "attached" }); // before that nothing hears the keys
    await use(app);
    await app.stopDownloads(); // the next test would wait behind them
    base.expect(app.wrong, "what went wrong in the page").toEqual([]);
  },
});

export { expect } from "@playwright/test";
