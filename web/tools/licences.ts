// What the page is made of, for "About": every package that the build took something from.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const OF_A_PACKAGE = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/;

export function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle(_, bundle) {
      const folders = new Set(
        ["@fontsource-variable/geist", "@fontsource-variable/geist-mono", "tailwindcss"].map((name) =>
          join(import.meta.dirname, "../node_modules", name),
        ),
      );
      for (const chunk of Object.values(bundle))
        if (chunk.type === "chunk")
          for (const id of Object.keys(chunk.modules)) {
            const folder = OF_A_PACKAGE.exec(id.replace(/^\0/, ""))?.[1];
            if (folder) folders.add(folder);
          }
      const found = [...folders].map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        return { name, version, licence: license };
      });
      found.sort((a, b) => (a.name < b.name ? -1 : 1));
      this.emitFile({ type: "asset", fileName: "licences.json", source: JSON.stringify(found) });
    },
  };
}
