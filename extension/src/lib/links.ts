/** Which link a click in the context menu means. */

export type Clicked = Pick<chrome.contextMenus.OnClickData, "linkUrl" | "srcUrl" | "pageUrl">;

export function isWeb(url: string | undefined): url is string {
  return url !== undefined && /^https?:/.test(url);
}

/** The page of the server that shows what following a link would download. A stored address may end with a slash. */
export function followPage(server: string, clicked: Clicked): string | undefined {
  const url = [clicked.linkUrl, clicked.pageUrl].find(isWeb);
  return url && `${server.replace(/\/+$/, "")}/following/new?url=${encodeURIComponent(url)}`;
}

/** Link, else media file, else page. A blob: or data: source is a streaming player: the server can read the page. */
export function pickUrl(clicked: Clicked): string | undefined {
  return [clicked.linkUrl, clicked.srcUrl, clicked.pageUrl].find(isWeb);
}
