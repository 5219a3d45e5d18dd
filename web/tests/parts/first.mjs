// The first run.
import assert from "node:assert/strict";
import { accessibility, PERSON } from "../harness.mjs";
import { interaction, world } from "../world.mjs";

interaction("the first run refuses a wrong one-time code", async () => {
  const { page } = world;
  page.expected.push(/status of 403/);
  await page.getByLabel("One-time code").fill("AAAA-AAAA-AAAA-AAAA");
  await page.getByLabel("Name", { exact: true }).fill(PERSON.name);
  await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("alert").filter({ hasText: "Incorrect one-time code" }).waitFor();
  assert.deepEqual(await accessibility(page), []);
});

interaction("the first run makes an account", async () => {
  const { page, server } = world;
  await page.getByLabel("One-time code").fill(server.setupCode());
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Your library is empty").waitFor();
});
