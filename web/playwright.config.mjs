// Tests in a browser: a real server, real downloads from the fixture site, Debian's Chromium.
// `npm run test:e2e`; `npm run test:e2e -- player` runs some of them; `npx playwright show-trace FILE` shows a failure.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  testMatch: "*.spec.mjs",
  outputDir: "../.cache/browser-tests",
  workers: 3, // on two cores: much of a test waits for a server or a download. Each has a server of its own
  fullyParallel: true,
  timeout: 120_000, // two cores for two browsers, two servers and their downloads
  forbidOnly: true,
  retries: 1,
  reporter: [["list"], ["json", { outputFile: "../.cache/browser-tests.json" }]], // scripts/test names what was flaky
  use: {
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    viewport: { width: 1440, height: 900 },
    colorScheme: "dark",
    locale: "en-US",
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    trace: "on-first-retry",
  },
  projects: [
    {
      name: "chromium",
      use: {
        browserName: "chromium",
        launchOptions: {
          executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
          args: [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
          ],
        },
      },
    },
  ],
});
