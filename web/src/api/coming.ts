/** Shapes that only some servers of this version answer with; the page does without them where they are missing. */
import type { Item, Options } from "./types";

export type Entry = { index: number; title: string | null; url: string; duration: number | null };
export type Preview = {
  kind: "media" | "playlist" | "live";
  title: string;
  duration: number | null;
  size: number | null;
  site: string;
  uploader: string | null;
  item: number | null;
  count: number | null;
  entries: Entry[];
};
export type Wished = Options & {
  subtitles?: string[];
  auto_subtitles?: boolean;
  start?: number;
  end?: number;
  sponsorblock?: boolean;
  playlist?: { limit?: number; items?: number[]; folder?: boolean };
};
export type Chapter = { start: number; title: string };
export type MoreOfItem = Item & { chapters?: Chapter[]; playable?: boolean; never?: boolean; source?: number | null };
export type LogLine = { at: string; level: string; message: string };
export type YtDlp = {
  version: string;
  channel: "stable" | "nightly";
  managed: boolean;
  previous: string | null;
  latest: string | null;
  updating: boolean;
  error: string | null;
};
export type Package = { name: string; size: number; sha256: string };
export type Packages = { chromium: Package; firefox: Package };
