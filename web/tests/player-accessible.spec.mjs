// The player in each of its forms, looked at by axe: all rules in the light theme, colours in the dark one.
import { test } from "./fixtures.mjs";

test("the player is accessible in theatre, in full screen, and with its menu open", async ({ app, page }) => {
  const [item] = await app.add({ path: "/page/subtitles", options: { subtitles: ["en", "es"] } });
  await app.open(`/watch/${item.id}`);
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 1);
  await app.media().evaluate((element) => element.pause()); // the controls stay

  await page.getByRole("button", { name: "Playback settings" }).click();
  await page.getByRole("button", { name: "1.5×" }).waitFor();
  await app.accessible("the open menu of the player");
  await app.press("Escape");
  await page.getByRole("button", { name: "1.5×" }).waitFor({ state: "detached" });

  await app.press("t");
  await page.waitForFunction(() => localStorage.getItem("mf.theatre") === "1");
  await app.accessible("theatre");

  await app.press("f");
  await page.waitForFunction(() => document.fullscreenElement?.hasAttribute("data-player"));
  await app.accessible("full screen");
  await app.press("f");
  await page.waitForFunction(() => document.fullscreenElement === null);
});
