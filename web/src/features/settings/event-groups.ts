import type { Target } from "@/api/types";
import type { Key } from "@/i18n";

type Group = { key: Key; events: readonly string[]; admin?: boolean };

/** Events that are chosen together, in the order in which they are shown. */
export const GROUPS: readonly Group[] = [
  { key: "note.everyDownload", events: ["download.done"] },
  { key: "note.downloadFailed", events: ["download.failed"] },
  { key: "note.downloadWaits", events: ["download.needs_action"] },
  { key: "note.newVideos", events: ["subscription.new"] },
  { key: "note.channelFails", events: ["subscription.failing"] },
  { key: "note.imports", events: ["import.done"] },
  { key: "note.lastCopies", events: ["item.last_copy"] },
  { key: "note.storage", events: ["storage.away", "storage.full"], admin: true },
  { key: "note.ytdlpUpdate", events: ["ytdlp.update"], admin: true },
];
/** The default events of a new target. The storage is an event of administrators alone. */
export const firstEvents = (admin: boolean) => [
  "download.done",
  "download.failed",
  "download.needs_action",
  ...(admin ? ["storage.away", "storage.full"] : []),
];

export const isMediaServer = (kind: Target["kind"]) => kind !== "apprise" && kind !== "webhook";

export const includes = (group: Group, events: readonly string[]) => group.events.some((each) => events.includes(each));

/** The events with this group added, or without it. Events of a newer server stay. */
export function toggled(group: Group, events: readonly string[]): string[] {
  const others = events.filter((each) => !group.events.includes(each));
  return includes(group, events) ? others : [...others, ...group.events];
}

/** The group of one event, for its name. */
export const groupOf = (event: string) => GROUPS.find((group) => group.events.includes(event));

const ANSWERS: Record<string, Key> = {
  ok: "note.accepted",
  timeout: "note.timeout",
  unreachable: "note.unreachable",
  blocked: "note.blocked",
  rejected: "note.rejected",
  invalid: "note.invalid",
  crashed: "note.crashed",
  sealed: "note.sealed",
};

/** The words of an answer: `http_503` is `HTTP 503`. */
export function answerWords(answer: string, t: (key: Key) => string): string {
  const key = ANSWERS[answer];
  return key ? t(key) : answer.replace("_", " ").toUpperCase();
}
