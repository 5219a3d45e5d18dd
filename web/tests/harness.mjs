// The real thing for tests in a browser: the fixture site, a MediaFetcher of our own, Chromium.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const root = new URL("../../", import.meta.url).pathname;
export const python = process.env.PYTHON ?? join(root, ".venv/bin/python");
export const WINDOW = { width: 1440, height: 900 };
export const PERSON = { name: "Ada", password: "a long enough sentence" };

const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** A port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts a program in the checkout and waits until it says `ready`; answers how to stop it, and what it `said`. */
export async function start(args, ready, env = {}) {
  const child = spawn(python, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  await new Promise((resolve, reject) => {
    const heard = (chunk) => {
      said += chunk;
      if (said.includes(ready)) resolve();
    };
    child.stdout.on("data", heard);
    child.stderr.on("data", heard);
    child.on("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}:\n${said}`)));
  });
  const stop = async (signal = "SIGTERM") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  return Object.assign(stop, { said });
}

export async function startSite() {
  const port = await freePort();
  const stop = await start(["-m", "tests.site", "--port", String(port)], "All of it");
  return { port, url: (path) => `http://127.0.0.1:${port}${path}`, stop };
}

/** A server on an empty state folder. `allow` is the site it may fetch from. */
export async function startServer(allow, env = {}) {
  const state = mkdtempSync(join(tmpdir(), "mediafetcher-web-"));
  const port = await freePort();
  const run = () =>
    start(["-m", "mediafetcher", "--state", state, "serve", "--port", String(port)], "MediaFetcher is ready", {
      MEDIAFETCHER_ALLOW_HOSTS: allow,
      ...env,
    });
  let stop = await run();
  return {
    state,
    /** So many items more for somebody, without files; `channel`: all that were seeded are of this one. */
    seed: (user, count, channel = "") =>
      execFileSync(python, [join(root, "web/tests/seed.py"), state, user, String(count), channel], { cwd: root }),
    url: `http://127.0.0.1:${port}`,
    setupCode: () =>
      execFileSync(python, ["-m", "mediafetcher", "--state", state, "setup"], { cwd: root, encoding: "utf8" }).trim(),
    halt: () => stop(),
    resume: async () => {
      stop = await run();
    },
    stop: async () => {
      await stop();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** `more`: flags beside those of every test. */
export const launch = (...more) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--no-first-run",
      ...more,
    ],
  });

/**
 * A page that remembers what went wrong in it: errors on the console, exceptions, violations of the CSP, failed calls.
 * What a test provokes on purpose it names in `page.expected`.
 */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: WINDOW,
    colorScheme: "dark",
    locale: "en-US",
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.PATIENCE ?? 30_000));
  page.expected = [];
  page.wrong = [];
  const note = (words) => page.expected.some((pattern) => pattern.test(words)) || page.wrong.push(words);
  page.on("console", (message) => message.type() === "error" && note(`${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => note(`exception: ${error.stack}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    );
  });
  await page.goto(url);
  return page;
}

/** What depends on the theme; all else is the same in both. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** Serious accessibility mistakes of the page as it is now, in one line each. `rules`: only of these. */
export async function accessibility(page, rules) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    (rules) => globalThis.axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) }),
    rules,
  );
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`,
  );
}

/** No mistake of accessibility in what is shown now, in either theme. `what`: its name, for the message. */
export async function accessible(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // Looked at is what a transition ends with. What is in a closed <details> is not drawn: its own begin and never end.
    await page.waitForFunction((dark) => {
      if (document.documentElement.classList.contains("dark") !== dark) return false;
      const shown = document
        .getAnimations()
        .filter(({ effect }) => effect?.target?.checkVisibility({ contentVisibilityAuto: true }));
      for (const each of shown) if (each.effect.getComputedTiming().endTime < Number.POSITIVE_INFINITY) each.finish();
      return shown.length === 0; // else the next frame: what inherits a colour begins when its parent ends
    }, colorScheme === "dark");
    const rules = colorScheme === "dark" ? COLOURS : undefined;
    assert.deepEqual(await accessibility(page, rules), [], `${what}, ${colorScheme}`);
  }
}

export async function signIn(page, { name, password } = PERSON) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation").first().waitFor(); // in the language of the user
}

/** Makes the first account through the API: for what begins after the first run. */
export async function firstAccount(page, server) {
  const answer = await page.request.post(`${server.url}/api/setup`, {
    data: { code: server.setupCode(), ...PERSON },
    headers: { origin: server.url },
  });
  if (!answer.ok()) throw new Error(await answer.text());
}
