// Writes the words of errors and of settings, a file for each language, from errors.toml and server-settings.toml.
// Run `npm run api` after one of them changed; a test fails if this was forgotten.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const root = new URL("../../", import.meta.url).pathname;
const python = process.env.PYTHON ?? `${root}.venv/bin/python`;
const READ = "import json, sys, tomllib; print(json.dumps(tomllib.load(open(sys.argv[1], 'rb'))))";
const read = (name) =>
  JSON.parse(execFileSync(python, ["-c", READ, `${root}web/src/i18n/${name}`], { encoding: "utf8" }));

const made = (name) => `// Made by tools/words.mjs (npm run api) from ${name}: do not edit.`;
const object = (entries) =>
  `{\n${entries.map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`).join("")}}`;

/** The words of errors: what happened, and what to do. */
function errors(language, all) {
  const english = language === "en";
  const imports = english
    ? `import type { ErrorCode } from "@/api/client";

/** The message and the advice ("" if there is nothing to do). \`{site}\` is the site of the link. */
export type ProblemWords = Record<ErrorCode, readonly [what: string, fix: string]>;`
    : `import type { ProblemWords } from "./en-errors";`;
  const entries = Object.entries(all).map(([code, words]) => [code, words[language]]);
  return `${made("errors.toml")}\n${imports}\n
export const ${language}Errors: ProblemWords = ${object(entries)};\n`;
}

/** The label of each setting, and its hint if it has one. */
function settings(language, all) {
  const english = language === "en";
  const entries = Object.entries(all).flatMap(
    ([
      name,
      {
        [language]: [label, hint],
      },
    ]) => [[`setting.${name}`, label], ...(hint ? [[`setting.${name}.hint`, hint]] : [])],
  );
  const imports = english
    ? ""
    : `\nimport type { enServer } from "./en-server";\nimport type { Texts } from "./index";\n`;
  return `${made("server-settings.toml")}\n${imports}
export const ${language}Server${english ? "" : ": Texts<typeof enServer>"} = ${object(entries)};\n`;
}

/** Returns: the text of each generated file, by its name. */
export function generate() {
  const [problems, values] = [read("errors.toml"), read("server-settings.toml")];
  const languages = Object.keys(Object.values(problems)[0]);
  return Object.fromEntries(
    languages.flatMap((language) => [
      [`${language}-errors.ts`, errors(language, problems)],
      [`${language}-server.ts`, settings(language, values)],
    ]),
  );
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  for (const [name, text] of Object.entries(generate()))
    writeFileSync(new URL(`../src/i18n/${name}`, import.meta.url), text);
