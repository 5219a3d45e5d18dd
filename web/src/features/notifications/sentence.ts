import type { Notification } from "@/api/types";
import type { T } from "@/i18n";

const text = (value: unknown) => (typeof value === "string" ? value : "");
const count = (value: unknown) => (typeof value === "number" ? value : 0);

/** A notification in words. */
export function sentence({ type, data }: Pick<Notification, "type" | "data">, t: T): string {
  const v = text(data.title) || text(data.site) || `#${count(data.download)}`;
  switch (type) {
    case "download.done":
      return t("note.done", { v });
    case "download.failed":
      return t("note.failed", { v });
    case "download.needs_action":
      return t("note.needsAction", { v });
    case "subscription.new":
      return t("note.subscriptionNew", { v });
    case "subscription.failing":
      return t("note.subscriptionFailing", { v });
    case "storage.away":
      return t("note.away");
    case "storage.full":
      return t("note.full");
    case "ytdlp.update":
      return t("note.ytdlp", { v: text(data.version) });
    case "import.done":
      return t("note.import", { n: count(data.added), failed: count(data.failed) });
    case "item.last_copy":
      return t("note.lastCopy", { v });
    default:
      return type;
  }
}
