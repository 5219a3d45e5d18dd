/** The folders as the visible rows of a tree. */
import type { Folder } from "@/api/types";

/** As the server sorts: numbers by their value; English and French sort alike. */
const byName = new Intl.Collator("en", { numeric: true }).compare;

export type TreeRow = Folder & { level: number; children: number; position: number; siblings: number };

export function rowsOf(folders: readonly Folder[], open: ReadonlySet<number>): TreeRow[] {
  const below = Map.groupBy(
    folders.toSorted((a, b) => byName(a.name, b.name)),
    (folder) => folder.parent,
  );
  const rows: TreeRow[] = [];
  const walk = (parent: number | null, level: number) => {
    const siblings = below.get(parent) ?? [];
    siblings.forEach((folder, i) => {
      const children = below.get(folder.id)?.length ?? 0;
      rows.push({ ...folder, level, children, position: i + 1, siblings: siblings.length });
      if (children && open.has(folder.id)) walk(folder.id, level + 1);
    });
  };
  walk(null, 1);
  return rows;
}

/** Which rows must be open so that the folder of this path is seen. */
export const above = (folders: readonly Folder[], path = ""): number[] =>
  folders.filter((folder) => path.startsWith(`${folder.path}/`)).map((folder) => folder.id);

export const isInside = (path: string, of: string) => path === of || path.startsWith(`${of}/`);

export const parentPath = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const joined = (parent: string, name: string) => (parent ? `${parent}/${name}` : name);
