/**
 * The manifest of each target. What the extension may do is decided here, and pinned by a test.
 *
 * Hosts are optional: the server's own address is asked for when pairing, a site's when its cookies are sent.
 * `test` has those of the browser test beforehand, because nobody can answer a permission prompt there.
 */
export const TARGETS = ["chrome", "firefox", "test"] as const;
export type Target = (typeof TARGETS)[number];

const ICONS = { 16: "icons/16.png", 32: "icons/32.png", 48: "icons/48.png", 128: "icons/128.png" };

// Firefox adds `upgrade-insecure-requests` where there is no policy, which would turn http://nas.lan into https.
const PAGES =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src http: https:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function manifest(target: Target, version: string): Record<string, unknown> {
  return {
    manifest_version: 3,
    name: "__MSG_name__",
    description: "__MSG_description__",
    version,
    default_locale: "en",
    icons: ICONS,
    action: { default_popup: "popup.html", default_title: "MediaFetcher", default_icon: ICONS },
    options_ui: { page: "options.html", open_in_tab: true },
    permissions: ["activeTab", "alarms", "contextMenus", "cookies", "storage"],
    // One pattern: Firefox grants `*://site/*` only if a single pattern of this list covers both schemes.
    optional_host_permissions: ["*://*/*"],
    content_security_policy: { extension_pages: PAGES },
    ...forTarget(target),
  };
}

function forTarget(target: Target): Record<string, unknown> {
  if (target === "firefox")
    return {
      background: { scripts: ["background.js"], type: "module" },
      browser_specific_settings: {
        gecko: {
          id: "{5d3c1f0e-8a0b-4f53-9d6b-6f2f3a5b7c11}",
          strict_min_version: "140.0",
          data_collection_permissions: { required: ["authenticationInfo", "browsingActivity"] },
        },
        gecko_android: { strict_min_version: "142.0" },
      },
    };
  const chromium = { background: { service_worker: "background.js", type: "module" } };
  if (target === "test") return { ...chromium, host_permissions: ["*://*/*"] };
  // 133 is the first with X25519 in WebCrypto. Split: a private window keeps its own worker and cookies.
  return { ...chromium, minimum_chrome_version: "133", incognito: "split" };
}
