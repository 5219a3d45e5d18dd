// @vitest-environment node
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const root = new URL("../../../", import.meta.url).pathname;
const words = `${root}web/src/i18n`;
const python = process.env.PYTHON ?? `${root}.venv/bin/python`;

/** The current output of a tool. */
function generated(tool: string) {
  const write = "process.stdout.write(JSON.stringify(generate()))";
  const program = `import("${root}web/tools/${tool}").then(({ generate }) => ${write})`;
  return JSON.parse(execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }));
}

test.skipIf(!existsSync(python))(
  "types and paths are what the server's OpenAPI says (else: npm run api)",
  () => {
    const fresh: Record<string, string> = generated("api-types.mjs");
    expect(Object.keys(fresh)).toEqual(["types.ts", "paths.ts"]);
    for (const [name, text] of Object.entries(fresh))
      expect(readFileSync(`${root}web/src/api/${name}`, "utf8"), name).toBe(text);
  },
  30_000,
);

test.skipIf(!existsSync(python))(
  "words of errors and settings are what the TOML files say (else: npm run api)",
  () => {
    const fresh: Record<string, string> = generated("words.mjs");
    for (const [name, text] of Object.entries(fresh)) expect(readFileSync(`${words}/${name}`, "utf8"), name).toBe(text);
    const there = readdirSync(words).filter((name) => /^..-(errors|server)\.ts$/.test(name));
    expect(there.toSorted()).toEqual(Object.keys(fresh).toSorted());
  },
  30_000,
);
