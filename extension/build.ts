/** Builds dist/<target>: `node build.ts` for all of them, `node build.ts chrome` for some. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { manifest, TARGETS, type Target } from "./manifest.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
// The version of the program: it is written there only.
const written = readFileSync(`${here}../mediafetcher/__init__.py`, "utf8");
const version = /^__version__ = "([\d.]+)"$/m.exec(written)?.[1];
if (!version) throw new Error("mediafetcher/__init__.py names no version");
const PAGES = ["popup/popup.html", "popup/popup.css", "options/options.html", "options/options.css", "ui.css"];

async function make(target: Target): Promise<void> {
  const out = `${here}dist/${target}`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: here,
    entryPoints: {
      background: "src/background.ts",
      popup: "src/popup/popup.ts",
      options: "src/options/options.ts",
    },
    outdir: out,
    bundle: true,
    format: "esm",
    target: "es2023",
    charset: "utf8",
    legalComments: "none",
  });
  for (const file of PAGES) cpSync(`${here}src/${file}`, `${out}/${file.split("/").pop()}`);
  for (const folder of ["icons", "_locales"]) cpSync(`${here}src/${folder}`, `${out}/${folder}`, { recursive: true });
  writeFileSync(`${out}/manifest.json`, `${JSON.stringify(manifest(target, version as string), null, 2)}\n`);
}

const asked = process.argv.slice(2);
for (const target of TARGETS) if (asked.length === 0 || asked.includes(target)) await make(target);
