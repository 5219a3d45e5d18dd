// The first run, on a server without an account.

import { expect, PASSWORD, test } from "./fixtures.mjs";
import { accessibility, startServer } from "./harness.mjs";

test("the first run refuses a wrong one-time code, then makes an account", async ({ page, site }) => {
  const server = await startServer(`127.0.0.1:${site.port}`);
  try {
    await page.goto(server.url);
    await page.getByLabel("One-time code").fill("AAAA-AAAA-AAAA-AAAA");
    await page.getByLabel("Name", { exact: true }).fill("Ada");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("alert").filter({ hasText: "Incorrect one-time code" }).waitFor();
    expect(await accessibility(page)).toEqual([]);
    await page.getByLabel("One-time code").fill(server.setupCode());
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("Your library is empty").waitFor();
  } finally {
    await server.stop();
  }
});
