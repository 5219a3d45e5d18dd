import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";

const here = new URL("../..", import.meta.url).pathname;

interface Report {
  count: number;
  summary: { errors: number; warnings: number; notices: number };
  errors: { code: string; message: string }[];
  warnings: { code: string; message: string }[];
}

/** Mozilla's own linter, which `web-ext lint` runs and their store too. */
function lint(folder: string): Report {
  const linter = `${here}node_modules/addons-linter/bin/addons-linter`;
  const home = mkdtempSync(`${tmpdir()}/mf-lint-`);
  try {
    const said = execFileSync(process.execPath, [linter, "--output", "json", "--boring", folder], {
      encoding: "utf8",
      env: { ...process.env, HOME: home },
    });
    return JSON.parse(said) as Report;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

test("the package for Firefox: no error, no warning, no notice", () => {
  execFileSync(process.execPath, ["build.ts", "firefox"], { cwd: here });
  const report = lint(`${here}dist/firefox`);
  assert.deepEqual([...report.errors, ...report.warnings], []);
  assert.deepEqual(report.summary, { errors: 0, warnings: 0, notices: 0 });
});
