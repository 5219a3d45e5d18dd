/** The rules of the house that neither the compiler nor the linter sees. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const source = join(import.meta.dirname, "..");
const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test."))
  .map((name) => ({ name, text: readFileSync(join(source, name), "utf8") }));

const ROOMS = ["lib", "i18n", "api", "components", "features", "app"]; // each may use those before it
const room = (name: string) => name.split("/")[0] ?? "";

/** Every module of the page that a file imports, as its path below src/. */
function imports({ name, text }: (typeof files)[number]): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"((?:@\/|\.\.?\/)[^"]+)"/g)].map(([, path = ""]) =>
    path.startsWith("@/") ? path.slice(2) : join(name, "..", path),
  );
}

test("there is something to look at", () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.flatMap(imports).length).toBeGreaterThan(100);
});

test("a feature never imports another", () => {
  const crossings = files.flatMap((file) => {
    const [top, own] = file.name.split("/");
    if (top !== "features") return [];
    return imports(file)
      .filter((path) => path.startsWith("features/") && path.split("/")[1] !== own)
      .map((path) => `${file.name} -> ${path}`);
  });
  expect(crossings).toEqual([]);
});

test("imports go from app to features to components, and on to api, i18n and lib", () => {
  const upwards = files.flatMap((file) => {
    const here = ROOMS.indexOf(room(file.name));
    if (here < 0 || file.name.startsWith("i18n/")) return []; // the words are typed by the codes of the API
    return imports(file)
      .filter((path) => ROOMS.indexOf(room(path)) > here)
      .map((path) => `${file.name} -> ${path}`);
  });
  expect(upwards).toEqual([]);
});

test("a part that is loaded later is registered: a server that stops leaves no hole", () => {
  const plain = files.filter(({ name, text }) =>
    text
      .split("\n")
      .some((line) => name !== "lib/load.ts" && /\bimport\("/.test(line) && !/register\(\(\) => import\("/.test(line)),
  );
  expect(plain.map(({ name }) => name)).toEqual([]);
});

test("nothing of a server's text becomes HTML or code", () => {
  const FORBIDDEN = /dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML|\beval\(|new Function\(|document\.write/;
  expect(files.filter(({ text }) => FORBIDDEN.test(text)).map(({ name }) => name)).toEqual([]);
});

test("only options of queries name keys of the cache, never a component", () => {
  const own = files.filter(({ name, text }) => name.endsWith(".tsx") && /\bqueryKey: \[/.test(text));
  expect(own.map(({ name }) => name)).toEqual([]);
});

test("keys and pastes are heard in one place each, and by menus that are open", () => {
  const listens = files.filter(({ text }) => /addEventListener\("(keydown|paste)"/.test(text));
  expect(listens.map(({ name }) => name).toSorted()).toEqual([
    "app/anywhere.tsx",
    "features/player/player-menu.tsx",
    "lib/shortcuts.ts",
  ]);
});

test("no file but the made one is longer than 350 lines", () => {
  const long = files.filter(
    ({ name, text }) => !["api/types.ts", "api/paths.ts"].includes(name) && text.split("\n").length > 350,
  );
  expect(long.map(({ name }) => name)).toEqual([]);
});

test("every test that web/tests/README.md names exists", () => {
  const tests = join(source, "../tests");
  const top = join(source, "../..");
  const read = (folder: string, pattern: RegExp) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => pattern.test(name))
      .map((name) => readFileSync(join(folder, name), "utf8"));
  const texts = [
    ...read(tests, /\.spec\.mjs$/),
    ...read(source, /\.test\.tsx?$/),
    ...read(join(top, "tests/system"), /^test_\w+\.py$/),
    ...read(join(top, "extension/tests/e2e"), /\.ts$/),
  ];
  const NAMES = /\btest\(\s*["`]([^"`]+)["`]|^async def (test_\w+)|^def (test_\w+)|^async function (\w+)/gm;
  const exist = new Set(
    texts.flatMap((text) => [...text.matchAll(NAMES)].map((found) => found.slice(1).find(Boolean))),
  );
  const rows = readFileSync(join(tests, "README.md"), "utf8")
    .split("\n")
    .filter((line) => /^\| \d+ \|/.test(line));
  const named = rows.flatMap((row) =>
    [...(row.split("|").at(-2) ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect(rows.length).toBe(19);
  expect(named.filter((name) => !exist.has(name))).toEqual([]);
});
