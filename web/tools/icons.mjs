// Draws the icons of public/ from favicon.svg: `node tools/icons.mjs`, after it changed.
import { readFileSync, writeFileSync } from "node:fs";
import { launch } from "../tests/harness.mjs";

const folder = new URL("../public/", import.meta.url).pathname;
const svg = readFileSync(`${folder}favicon.svg`, "utf8");
const browser = await launch();
const page = await browser.newPage();
// A mask cuts up to a fifth of each side away: that icon has its picture smaller, on a whole ground.
for (const [name, size, part, ground] of [
  ["icon-192", 192, 1, "transparent"],
  ["icon-512", 512, 1, "transparent"],
  ["icon-maskable", 512, 0.7, "#0f1117"],
  ["apple-touch-icon", 180, 0.8, "#0f1117"],
]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>body{margin:0;display:grid;place-items:center;height:100vh;background:${ground}}svg{width:${part * 100}%;height:${part * 100}%}</style>${svg}`,
  );
  writeFileSync(`${folder}${name}.png`, await page.screenshot({ omitBackground: true }));
}
await browser.close();
