/** Which link a click in the context menu means. */

export type Clicked = Pick<chrome.contextMenus.OnClickData, "linkUrl" | "srcUrl" | "pageUrl">;

export function isWeb(url: string | undefined): url is string {
	return url !== undefined && /^https?:/.test(url);
}

/** Link, else media file, else page. A blob: or data: source is a streaming player: the server can read the page. */
export function pickUrl(clicked: Clicked): string | undefined {
	return [clicked.linkUrl, clicked.srcUrl, clicked.pageUrl].find(isWeb);
}
