/**
 * The context menu: *Download to MediaFetcher*, one entry for each folder that was used last, and *Follow*.
 *
 * The worker sleeps and wakes; the menu outlives it, so it is made again only if the folders changed.
 */
import { words } from "./words.ts";

export const TOP = "download";
export const FOLLOW = "follow";
const PREFIX = "folder:";
const MOST = 6;
type Contexts = [chrome.contextMenus.ContextType];
const CONTEXTS = ["page", "link", "video", "audio"] as unknown as Contexts;
/** A channel or a list is a page or a link, never a media file. */
const OF_FOLLOW = ["page", "link"] as unknown as Contexts;

let making: Promise<void> = Promise.resolve();

/** Make the menu for these folders, newest first. One at a time, or entries would double. */
export function make(folders: string[]): Promise<void> {
  making = making.then(() => build(folders.slice(0, MOST)));
  return making;
}

async function build(folders: string[]): Promise<void> {
  await chrome.contextMenus.removeAll();
  await create(TOP, words("menu"));
  // An ampersand marks a key in a menu; two are one that is shown.
  for (const folder of folders)
    await create(PREFIX + folder, words("menuFolder", folder.replaceAll("&", "&&").slice(0, 80)));
  await create(FOLLOW, words("menuFollow"), OF_FOLLOW);
}

function create(id: string, title: string, contexts = CONTEXTS): Promise<void> {
  return new Promise((resolve) => {
    chrome.contextMenus.create({ id, title, contexts }, () => {
      void chrome.runtime.lastError; // there already: that is what was wanted
      resolve();
    });
  });
}

/** The folder of a clicked entry; undefined for the top, null where the entry is not ours. */
export function folderOf(id: string | number): string | undefined | null {
  if (id === TOP) return undefined;
  return typeof id === "string" && id.startsWith(PREFIX) ? id.slice(PREFIX.length) : null;
}
