// Every page in every language: no key without words, and no text of the page that stayed English.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "./fixtures.mjs";

const WORDS = new URL("../src/i18n/", import.meta.url);
const SECTIONS = readFileSync(new URL("../src/features/settings/sections.ts", import.meta.url), "utf8");
const sections = [...SECTIONS.matchAll(/\{ name: "(\w+)"/g)].map(([, name]) => `/settings/${name}`);
const LANGUAGES = ["fr", "de"];

/** The keys and the texts of a language, each plural form for itself. */
function dictionary(language) {
  const source = readdirSync(WORDS)
    .filter((name) => name.startsWith(language) && !name.includes("errors"))
    .map((name) => readFileSync(new URL(name, WORDS), "utf8"))
    .join("\n");
  const keys = [...source.matchAll(/^ {2}"([\w.-]+)":/gm)].map(([, key]) => key);
  const texts = [...source.matchAll(/[:,{]\s*(?:(?:zero|one|two|few|many|other):\s*)?("(?:[^"\\]|\\.)*")/g)];
  const loading = JSON.parse(/"app.loading": ("[^"]*")/.exec(source)[1]);
  return { keys: new Set(keys), texts: new Set(texts.map(([, text]) => JSON.parse(text))), loading };
}

/** Everything that is written on the page or read out: texts, names, hints. */
const written = (page) =>
  page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set([document.title]);
    while (walker.nextNode()) found.add(walker.currentNode.nodeValue.trim());
    for (const each of document.querySelectorAll("[aria-label],[placeholder],[title]"))
      for (const name of ["aria-label", "placeholder", "title"]) found.add((each.getAttribute(name) ?? "").trim());
    return [...found];
  });

for (const language of LANGUAGES)
  test(`no page has a key without words or an English text: ${language}`, async ({ app, page, server }) => {
    app.expected.push(/api\/extension/, /status of 404/); // it is not built here; an unknown address
    const english = dictionary("en");
    const own = dictionary(language);
    const [item] = await app.add("/media/ok.mp4");
    assert.ok(english.keys.size > 500 && own.texts.size > 500 && sections.length > 10);
    await app.speak(language);
    const paths = [
      "/",
      "/downloads",
      "/downloads?show=action",
      "/downloads?show=history",
      "/library",
      "/library?view=list&unwatched=true&tag=none",
      "/channels",
      "/playlists",
      "/following",
      "/following/new",
      "/notifications",
      "/shares",
      "/trash",
      `/watch/${item.id}`,
      "/no/such/page",
      ...sections,
    ];
    const left = {};
    for (const path of paths) {
      await page.goto(server.url + path);
      await page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
      await page.locator(`[role=status][aria-label="${own.loading}"]`).first().waitFor({ state: "detached" });
      const wrong = (await written(page)).filter(
        (text) => english.keys.has(text) || (english.texts.has(text) && !own.texts.has(text)),
      );
      if (wrong.length) left[path] = wrong;
    }
    assert.deepEqual(left, {});
  });
