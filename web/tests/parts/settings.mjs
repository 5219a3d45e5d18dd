// Settings, languages and themes.
import assert from "node:assert/strict";
import { interaction, world } from "../world.mjs";

const { go } = world;
const section = (name) => world.page.getByRole("region", { name, exact: true });

interaction("French, all of it, and back", async () => {
  const { page } = world;
  await go("Settings");
  await page.getByRole("combobox", { name: "Language" }).click();
  await page.getByRole("option", { name: "Français" }).click();
  await page.getByRole("heading", { level: 1, name: "Réglages" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
  const main = page.getByRole("navigation", { name: "Navigation principale" }).first();
  await main.getByRole("link", { name: "Accueil" }).click();
  await page.getByText("Ajouts récents").waitFor();
  await page.reload();
  await page.getByText("Ajouts récents").waitFor();
  await page.evaluate(() => localStorage.removeItem("mf.locale"));
  await page.reload();
  await page.getByText("Recently added").waitFor();
});

interaction("dark and light", async () => {
  const { page } = world;
  const dark = () => page.evaluate(() => document.documentElement.classList.contains("dark"));
  await go("Settings");
  await section("General").getByRole("button", { name: "Light" }).click();
  assert.equal(await dark(), false);
  await page.reload();
  assert.equal(await dark(), false);
  await section("General").getByRole("button", { name: "System" }).click();
  assert.equal(await dark(), true);
});

interaction("an access key for programs", async () => {
  const { page } = world;
  await page.getByRole("textbox", { name: "What is this key for?" }).fill("backup");
  await page.getByRole("button", { name: "Create key" }).click();
  assert.match(await page.getByRole("textbox", { name: "API keys" }).inputValue(), /^mf_/);
  await page.getByRole("button", { name: "Remove: backup" }).click();
  await page.getByRole("button", { name: "Remove: backup" }).waitFor({ state: "detached" });
});

interaction("another person", async () => {
  const { page } = world;
  const people = section("Users");
  await people.getByLabel("Name").fill("Grace");
  await people.getByLabel("Password").fill("another good sentence");
  await people.getByRole("button", { name: "Add user" }).click();
  await people.getByRole("button", { name: "Remove: Grace" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await people.getByText("Grace").waitFor({ state: "detached" });
});

interaction("a browser is paired by a code and its picture", async () => {
  const { page } = world;
  await page.getByRole("button", { name: "New code" }).click();
  assert.match(await page.getByRole("textbox", { name: "Pair a browser" }).inputValue(), /^mf1\./);
  const picture = page.getByRole("img", { name: "QR code with the pairing code" });
  await picture.waitFor();
  assert.ok((await picture.locator("path").getAttribute("d")).length > 1000);
});

interaction("cookies of a site are kept and forgotten", async () => {
  const { page } = world;
  const cookies = section("Site cookies");
  await cookies.getByText("Add cookies from a cookies.txt file").click();
  await cookies.getByRole("textbox", { name: "Site" }).fill("example.org");
  const line = [".example.org", "TRUE", "/", "TRUE", "4102444800", "session", "canary"].join("\t");
  await cookies.getByRole("textbox", { name: "cookies.txt" }).fill(`# Netscape HTTP Cookie File\n${line}\n`);
  await cookies.getByRole("button", { name: "Save cookies" }).click();
  await cookies.getByRole("button", { name: "Remove: example.org" }).waitFor();
  assert.ok(!(await page.content()).includes("canary"), "what is in a cookie is never shown again");
  await cookies.getByRole("button", { name: "Remove: example.org" }).click();
  await cookies.getByText("No cookies yet").waitFor();
});

interaction("licences and the bookmark", async () => {
  const { page } = world;
  const about = section("About");
  await about.getByText("Third-party licences").click();
  await about.getByText(/^react-dom /).waitFor();
  const link = about.getByRole("link", { name: "Send to MediaFetcher" });
  assert.match(await link.getAttribute("href"), /^javascript:void\(window\.open\('http/);
  await link.click(); // here it does nothing, and breaks no rule
  assert.equal(new URL(page.url()).pathname, "/settings");
});

interaction("another password", async () => {
  const { page } = world;
  page.expected.push(/status of 401/);
  const account = section("Account");
  await account.getByLabel("Current password").fill("not this one");
  await account.getByLabel("New password").fill("a sentence of another kind");
  await account.getByRole("button", { name: "Change password" }).click();
  await world.toast("Incorrect name or password").waitFor();
});
