import type { Download } from "@/api/types";

/** Which part of the dashboard a download belongs to. */
export type Part = "attention" | "active" | "queue" | "ended";

const PARTS: Record<Download["state"], Part> = {
  running: "active",
  queued: "queue",
  scheduled: "queue",
  expanded: "queue",
  paused: "queue",
  needs_action: "attention",
  failed: "attention",
  done: "ended",
  cancelled: "ended",
};

export const partOf = (download: Download): Part => PARTS[download.state];

/** The order of the queue: what goes first is first. */
export const byTurn = (a: Download, b: Download) => b.priority - a.priority || a.id - b.id;

/** The title, or until it is known the address, readable. */
export function nameOf({ title, url }: Pick<Download, "title" | "url">): string {
  if (title) return title;
  const address = url.replace(/^https?:\/\/(www\.)?/, "");
  try {
    return decodeURI(address);
  } catch {
    return address; // percent signs that are no encoding
  }
}

/**
 * Downloads without the entries of lists, and the entries of each list among `all`, in their order.
 * An entry whose list is not among the downloads stands for itself.
 */
export function inLists(downloads: readonly Download[], all: readonly Download[]) {
  const shown = new Set(downloads.map(({ id }) => id));
  const entries = Map.groupBy(
    all.filter(({ parent }) => parent !== null),
    ({ parent }) => parent,
  );
  return {
    top: downloads.filter(({ parent }) => parent === null || !shown.has(parent)),
    entriesOf: (list: Download): Download[] => (entries.get(list.id) ?? []).toSorted((a, b) => a.id - b.id),
  };
}
