// @vitest-environment node
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const root = new URL("../../../", import.meta.url).pathname;
const python = process.env.PYTHON ?? `${root}.venv/bin/python`;

test.skipIf(!existsSync(python))(
  "types.ts is what the server's OpenAPI says (else: npm run api)",
  () => {
    const program = `import("${root}web/tools/api-types.mjs").then(({ generate }) => process.stdout.write(generate()))`;
    const fresh = execFileSync(process.execPath, ["-e", program], { encoding: "utf8" });
    expect(readFileSync(`${root}web/src/api/types.ts`, "utf8")).toBe(fresh);
  },
  30_000,
);
