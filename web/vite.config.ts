import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { licences } from "./tools/licences";

/** A .br and a .gz beside every file that shrinks: the server sends them as they are, nobody waits for packing. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      for (const file of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|html|svg|json|webmanifest)$/.test(file)) continue;
        const bytes = readFileSync(join(dir, file));
        if (bytes.length < 700) continue;
        writeFileSync(join(dir, `${file}.br`), brotliCompressSync(bytes));
        writeFileSync(join(dir, `${file}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

/** A request has hundreds of bytes of headers: what is always loaded is one file, and small shared parts are few. */
const GROUPS = [
  { name: "index", tags: ["$initial" as const], priority: 1 },
  { name: "shared", minShareCount: 2, entriesAware: true },
];

/** The bundler names a shared part after everything that uses it. */
const chunkFileNames = ({ name }: { name: string }) => `assets/${name.split("~")[0]}-[hash].js`;

const backend = process.env.MEDIAFETCHER_BACKEND ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [react(), tailwindcss(), licences(), packed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0, // no data: addresses, so the CSP can stay at 'self'
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS }, chunkFileNames } },
  },
  server: { proxy: { "/api": backend, "/media": backend } },
  test: {
    environment: "happy-dom",
    testTimeout: 30_000, // the first test of a file also loads its modules, beside everything else on two cores
    globals: true,
    setupFiles: ["./src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
