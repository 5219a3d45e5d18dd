// `node page.mjs WORDS`: one measure of the page in Chromium, as JSON; scripts/bench page asks for it.
// WORDS is JSON: {measure, url, cookie, scratch}. Nothing but the server at `url` is spoken to.
import { join } from "node:path";
import lighthouse, { desktopConfig } from "lighthouse";
import { chromium } from "playwright-core";

const { measure, url, cookie, scratch, port } = JSON.parse(process.argv[2]);
const FRAMES = 600; // as many as ten seconds have
const BLOCKED = 50; // ms: a task that takes longer is felt

const browser = await chromium.launchPersistentContext(join(scratch, "profile"), {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  viewport: { width: 1440, height: 900 },
  locale: "en-US",
  args: [`--remote-debugging-port=${port}`, "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});

/** Lighthouse's marks of 100, and what each refused audit says. */
async function marks() {
  const flags = { port, onlyCategories: ["performance", "accessibility", "best-practices"], logLevel: "silent" };
  const extraHeaders = cookie ? { Cookie: cookie } : undefined;
  const { lhr } = await lighthouse(url, { ...flags, extraHeaders, disableStorageReset: true }, desktopConfig);
  if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
  const categories = Object.values(lhr.categories);
  const [, ...bound] = categories; // what is wrong with the speed is in its metrics
  const binary = bound
    .flatMap(({ auditRefs }) => auditRefs)
    .map(({ id }) => lhr.audits[id])
    .filter(({ scoreDisplayMode, score }) => scoreDisplayMode === "binary" && score !== 1 && score !== null);
  return {
    marks: categories.map(({ score }) => Math.round((score ?? 0) * 100)),
    metrics: [
      "first-contentful-paint",
      "largest-contentful-paint",
      "total-blocking-time",
      "cumulative-layout-shift",
    ].map((id) => lhr.audits[id].displayValue),
    refused: [...new Set(binary.map(({ id, title }) => `${id}: ${title}`))],
    at: lhr.finalDisplayedUrl,
    shifts:
      process.env.DETAIL &&
      lhr.audits["layout-shifts"]?.details?.items?.map((i) => [i.score, i.node?.selector, i.node?.boundingRect]),
    tasks: process.env.DETAIL && lhr.audits["long-tasks"]?.details?.items?.map((i) => [i.url, i.duration]),
    lcp: process.env.DETAIL && lhr.audits["lcp-breakdown-insight"]?.details,
  };
}

async function signedIn() {
  const page = browser.pages()[0] ?? (await browser.newPage());
  const [name, value] = cookie.split("=");
  await browser.addCookies([{ name, value, url: new URL(url).origin }]);
  return page;
}

/** Bytes of the first visit, as they travel; what the person keeps is no part of the page. */
async function weight() {
  const page = await signedIn();
  const network = await browser.newCDPSession(page);
  await network.send("Network.enable");
  const kept = new Set();
  let bytes = 0;
  network.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (new URL(request.url).pathname.startsWith("/media/")) kept.add(requestId);
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (!kept.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(url, { waitUntil: "load" });
  await page.getByText("Recently added").waitFor();
  await page.evaluate(() => document.fonts.ready);
  return { bytes };
}

/** Scrolls the library at a steady pace: frames per second, the tasks that were long, and the script's own time. */
async function frames() {
  const page = await signedIn();
  await page.goto(url);
  await page.getByRole("gridcell").first().waitFor();
  // All pages of the list are there first: what is measured is scrolling, and scrolling back, not loading.
  await page.evaluate(async () => {
    const box = document.querySelector("[role=grid]").parentElement;
    for (let still = 0, last = -1; still < 30; ) {
      box.scrollTop = box.scrollHeight;
      await new Promise(requestAnimationFrame);
      still = box.scrollHeight === last ? still + 1 : 0;
      last = box.scrollHeight;
      if (still) await new Promise((done) => setTimeout(done, 50));
    }
    box.scrollTop = 0;
    await new Promise((done) => setTimeout(done, 500));
  });
  const session = await browser.newCDPSession(page);
  await session.send("Performance.enable");
  const spent = async () =>
    Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
  const before = await spent();
  const seen = await page.evaluate(
    async ([count, blocked]) => {
      const box = document.querySelector("[role=grid]").parentElement;
      const tasks = [];
      const watch = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) if (duration > blocked) tasks.push(duration);
      });
      watch.observe({ type: "longtask" });
      const times = [];
      let rows = 0;
      for (let i = 0; i <= count; i++) {
        times.push(await new Promise(requestAnimationFrame));
        box.scrollTop += i < count * 0.8 ? 60 : -240; // down as a wheel does, and back four times as fast
        rows = Math.max(rows, Number([...document.querySelectorAll("[data-index]")].at(-1)?.dataset.index ?? 0));
      }
      await new Promise((done) => setTimeout(done, 200));
      watch.disconnect();
      return { seconds: (times.at(-1) - times[0]) / 1000, frames: count, tasks, rows, high: box.scrollHeight };
    },
    [FRAMES, BLOCKED],
  );
  const after = await spent();
  const each = (name) => ((after[name] - before[name]) / FRAMES) * 1000; // ms for a frame
  return { ...seen, rate: seen.frames / seen.seconds, script: each("ScriptDuration"), layout: each("LayoutDuration") };
}

try {
  process.stdout.write(JSON.stringify(await { marks, weight, frames }[measure]()));
} finally {
  await browser.close();
}
