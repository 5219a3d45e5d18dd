import type { Download } from "@/api/types";

/** The one thing that most likely helps a download that needs somebody. */
export type Remedy = "retry" | "edit" | "cookies" | "ytdlp" | "storage" | "clear";

const REMEDIES: Record<string, Remedy> = {
  login_required: "cookies",
  age_limit: "cookies",
  members_only: "cookies",
  site_forbids: "cookies",
  extractor_broken: "ytdlp",
  media_offline: "storage",
  store_frozen: "storage",
  media_read_only: "storage",
  disk_full: "storage",
  gone: "clear",
  drm: "clear",
  geo_blocked: "edit",
  too_large: "edit",
  bad_clip: "edit",
  proxy_failed: "edit",
  unsupported: "clear",
  not_media: "clear",
  never_again: "clear",
};

/** What can never work with the same options is not tried again. */
export const canRetry = ({ error }: Pick<Download, "error">): boolean =>
  !["clear", "edit"].includes(REMEDIES[error?.code ?? ""] ?? "retry");

/** A newer yt-dlp only an administrator can get. */
export function remedyFor({ error }: Pick<Download, "error">, admin: boolean): Remedy {
  const remedy = REMEDIES[error?.code ?? ""] ?? "retry";
  return remedy === "ytdlp" && !admin ? "retry" : remedy;
}
