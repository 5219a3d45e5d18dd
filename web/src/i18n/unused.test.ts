/** Every text is used: a key stands in the source, or a template and the value that fills it do. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { en } from "./en";

const source = join(import.meta.dirname, "..");
const text = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test.") && !/^i18n\/[a-z]{2}[.-]/.test(name))
  .map((name) => readFileSync(join(source, name), "utf8"))
  .join("\n");

const words = new Set(
  [...text.matchAll(/["'`]([\w.-]+)["'`]|\b(\w+)\??:/g)].map((found) => found[1] ?? found[2] ?? ""),
);
const escaped = (part: string) => part.replaceAll(".", "\\.");
const templates = [...text.matchAll(/`([a-z]\w*\.[^`\n]*?\$\{[^`\n]*?\}[\w.]*)`/g)].map(
  ([, template = ""]) =>
    new RegExp(
      `^${template
        .split(/\$\{[^}]*\}/)
        .map(escaped)
        .join("([\\w.-]+)")}$`,
    ),
);

/** Whether a template makes this key out of values that stand in the source. */
const isMade = (key: string) =>
  templates.some((template) => {
    const found = template.exec(key);
    return !!found && found.slice(1).every((value) => words.has(value));
  });

test("no text is left that nothing shows", () => {
  expect(templates.length).toBeGreaterThan(10);
  expect(Object.keys(en).filter((key) => !words.has(key) && !isMade(key))).toEqual([]);
});
