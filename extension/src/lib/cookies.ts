/** The cookies of one site, as the browser keeps them: httpOnly, session, path-scoped and partitioned ones too. */
import { getDomain } from "tldts";

/** As it goes to the server. `expires` is in seconds since 1970, null for a session cookie. */
export interface Cookie {
  name: string;
  value: string;
  domain: string;
  path: string;
  secure: boolean;
  httpOnly: boolean;
  hostOnly: boolean;
  expires: number | null;
}

/** The site of a sign-in: the registrable domain (youtube.com for m.youtube.com), else the host itself. */
export function siteOf(url: string): string {
  const host = new URL(url).hostname.replace(/\.$/, "");
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}

/** The permission for the site with its subdomains; an address or a plain name has none. */
export function sitePattern(site: string): string {
  const plain = /^[\d.]+$/.test(site) || site.startsWith("[") || !site.includes(".");
  return plain ? `*://${site}/*` : `*://*.${site}/*`;
}

/** All cookies of the site in one cookie store (private window, container); needs the site's permission. */
export async function collect(site: string, storeId?: string): Promise<Cookie[]> {
  const details: Record<string, unknown> = { domain: site.replace(/^\[|\]$/g, ""), partitionKey: {} };
  if (storeId) details.storeId = storeId;
  // Firefox asks for it where first-party isolation is on; Chromium refuses what it does not know.
  if (navigator.userAgent.includes("Firefox")) details.firstPartyDomain = null;
  const found = await chrome.cookies.getAll(details as chrome.cookies.GetAllDetails);
  return found.filter((cookie) => isOwn(cookie, site)).map(plain);
}

/** Whether a cookie is the site's own: not one that it keeps for frames of it in pages of other sites (CHIPS). */
function isOwn(cookie: chrome.cookies.Cookie, site: string): boolean {
  const top = (cookie as { partitionKey?: { topLevelSite?: string } }).partitionKey?.topLevelSite;
  return !top || siteOf(top) === siteOf(`https://${site}`);
}

function plain(cookie: chrome.cookies.Cookie): Cookie {
  const { name, value, domain, path, secure, httpOnly, hostOnly } = cookie;
  const expires = cookie.session ? null : Math.floor(cookie.expirationDate ?? 0);
  return { name, value, domain, path, secure, httpOnly, hostOnly, expires };
}

/** The cookie store of the tab: the normal one, a private window's, or a Firefox container's. */
export async function storeOf(tabId: number | undefined): Promise<string | undefined> {
  const stores = await chrome.cookies.getAllCookieStores();
  return stores.find((store) => tabId !== undefined && store.tabIds.includes(tabId))?.id;
}
