/**
 * The import file of HTTP Shortcuts, an Android app: one shortcut that receives what other apps share and fetches it.
 * Version 71 of the format (app 3.4.0); newer versions of the app convert it.
 */
export function httpShortcuts(name: string, server: string, token: string, id: () => string = newId): string {
  const link = id();
  const shortcut = {
    id: id(),
    executionType: "app",
    name,
    description: server,
    iconName: "flat_color_download",
    method: "POST",
    url: `${server}/api/downloads`,
    authentication: "none",
    requestBodyType: "custom_text",
    contentType: "application/json",
    bodyContent: `{"url": "{{${link}}}"}`,
    timeout: 30_000,
    codeOnPrepare: FIRST_LINK,
    headers: [{ id: id(), key: "Authorization", value: `Bearer ${token}` }],
    responseHandling: { uiType: "toast", successOutput: "message", failureOutput: "detailed", successMessage: name },
  };
  const shared = { id: link, key: "link", type: "constant", value: "", jsonEncode: true, flags: SHARED_TEXT };
  const category = { id: id(), name: "MediaFetcher", layoutType: "linear_list", shortcuts: [shortcut] };
  return JSON.stringify({ version: 71, categories: [category], variables: [shared] }, null, 2);
}

const SHARED_TEXT = 1; // the flag of a variable that receives shared text

// Apps share a title and a link in one text; the app runs this before the request.
const FIRST_LINK = `const found = getVariable("link").match(/https?:\\/\\/\\S+/);
if (!found) abort();
setVariable("link", found[0]);`;

/** A UUID; `crypto.randomUUID` is missing on pages that were opened over http. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
