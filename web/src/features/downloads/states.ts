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
