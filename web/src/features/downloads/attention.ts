import type { Download } from "@/api/types";

/** The action that most likely helps a download that needs the user. */
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

/** A permanent failure is not retried with the same options. */
export const canRetry = ({ error }: Pick<Download, "error">): boolean =>
  !["clear", "edit"].includes(REMEDIES[error?.code ?? ""] ?? "retry");

/** A newer yt-dlp only an administrator can get. */
export function remedyFor({ error }: Pick<Download, "error">, admin: boolean): Remedy {
  const remedy = REMEDIES[error?.code ?? ""] ?? "retry";
  return remedy === "ytdlp" && !admin ? "retry" : remedy;
}
