/** Folder, quality and preset of the last download: the next one begins with them. */
import { useMemo, useSyncExternalStore } from "react";
import { announce } from "./preferences";

export type LastDownload = { folder: string; quality: string; preset: string };

const KEY = "mf.add.last";
const NONE: LastDownload = { folder: "", quality: "best", preset: "" };
const listeners = new Set<() => void>();

function write(last: LastDownload) {
  localStorage.setItem(KEY, JSON.stringify(last));
  for (const listener of listeners) listener();
}

function parsed(text: string | null): LastDownload {
  try {
    return { ...NONE, ...JSON.parse(text ?? "{}") };
  } catch {
    return NONE;
  }
}

export function useLastDownload(): LastDownload {
  const text = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => localStorage.getItem(KEY),
  );
  return useMemo(() => parsed(text), [text]);
}

/** Keep what was chosen, in this browser and on the server. */
export function rememberDownload({ folder, quality, preset }: LastDownload) {
  const before = parsed(localStorage.getItem(KEY));
  if (before.folder === folder && before.quality === quality && before.preset === preset) return;
  write({ folder, quality, preset });
  announce({ download_folder: folder, download_quality: quality, download_preset: preset });
}

type Stored = { download_folder?: string | null; download_quality?: string | null; download_preset?: string | null };

/** Keep what the server has. It is whole: another user of this browser has other folders. */
export function keepLastDownload({ download_folder, download_quality, download_preset }: Stored) {
  write({
    folder: download_folder ?? NONE.folder,
    quality: download_quality ?? NONE.quality,
    preset: download_preset ?? NONE.preset,
  });
}
