/**
 * The part without a page. It is stopped whenever it rests and started by the next event, so every listener is
 * registered at the top level and nothing is kept in variables.
 */
import * as badge from "./lib/badge.ts";
import { followPage, pickUrl } from "./lib/links.ts";
import * as menu from "./lib/menu.ts";
import * as outbox from "./lib/outbox.ts";
import * as store from "./lib/store.ts";
import * as watch from "./lib/watch.ts";

chrome.runtime.onInstalled.addListener(({ reason }) => {
  void prepare();
  if (reason === "install") void chrome.runtime.openOptionsPage();
});
chrome.runtime.onStartup.addListener(() => void prepare());
chrome.contextMenus.onClicked.addListener((clicked, tab) => void fetchClicked(clicked, tab?.id));
chrome.alarms.onAlarm.addListener(({ name }) => {
  if (name === watch.ALARM) void quietly(watch.look());
});
// Pairing, a queue that fills, and cookies that were sent all show in storage or as a message.
chrome.storage.onChanged.addListener((changes, area) => {
  if (area === "local" && changes.server) void prepare();
});
chrome.runtime.onMessage.addListener((message) => {
  if (message === "look") void quietly(watch.look());
});

async function prepare(): Promise<void> {
  await chrome.alarms.create(watch.ALARM, { periodInMinutes: watch.EVERY });
  await menu.make((await store.seen()).folders);
  await quietly(watch.look());
}

async function fetchClicked(clicked: chrome.contextMenus.OnClickData, tabId: number | undefined): Promise<void> {
  if (clicked.menuItemId === menu.FOLLOW) return follow(clicked);
  const folder = menu.folderOf(clicked.menuItemId);
  const url = pickUrl(clicked);
  if (folder === null || !url) return;
  if (!(await store.server())) return void (await chrome.runtime.openOptionsPage());
  await badge.show(tabId, "…", "busy");
  try {
    const outcome = await outbox.submit({ url, folder });
    if (outcome === "sent") await badge.show(tabId, "✓", "good");
    else await badge.rest(0, (await store.outbox()).length);
  } catch (error) {
    await outbox.refused({ url }, error);
    await badge.show(tabId, "!", "bad");
  }
  await quietly(watch.look());
}

/** Following is decided on the server's own page, which shows first what would be downloaded. */
async function follow(clicked: chrome.contextMenus.OnClickData): Promise<void> {
  const server = await store.server();
  if (!server) return void (await chrome.runtime.openOptionsPage());
  const url = followPage(server.url, clicked);
  if (url) await chrome.tabs.create({ url });
}

/** An unreachable server is an ordinary state, shown by the badge and the self-test. */
async function quietly(work: Promise<void>): Promise<void> {
  await work.catch((error) => console.debug("MediaFetcher:", error));
}
