/** The popup: this page as a download, what waits for cookies, and the cookies of this site. */
import * as calls from "../lib/calls.ts";
import { collect, siteOf, sitePattern, storeOf } from "../lib/cookies.ts";
import { $, busy, say } from "../lib/dom.ts";
import { isWeb } from "../lib/links.ts";
import * as outbox from "../lib/outbox.ts";
import * as store from "../lib/store.ts";
import { counted, errorWords, localize, reason, words } from "../lib/words.ts";
import { needsCookies, offer, showParked } from "./lists.ts";

localize();
const tab = await openTab();
const server = await store.server();
const site = isWeb(tab?.url) ? siteOf(tab.url) : undefined;
const extract = $<HTMLButtonElement>("#extract");
const download = $<HTMLButtonElement>("#download");
const quality = $<HTMLSelectElement>("#quality");
const folder = $<HTMLSelectElement>("#folder");
const preset = $<HTMLSelectElement>("#preset");
/** Whether the user has seen how many cookies there are: nothing is sent before. */
let shown = false;

/** The tab under the popup; `?tab=` names it where the popup itself was opened as a tab. */
async function openTab(): Promise<chrome.tabs.Tab | undefined> {
  const named = Number(new URLSearchParams(location.search).get("tab"));
  if (named) return chrome.tabs.get(named);
  return (await chrome.tabs.query({ active: true, currentWindow: true }))[0];
}

const failed = (error: unknown) => say(errorWords(error), "bad");

async function start(): Promise<void> {
  $("#unpaired").hidden = server !== undefined;
  $("#page").hidden = $("#cookies").hidden = server === undefined;
  if (!server) return;
  $("#server").textContent = new URL(server.url).host;
  const seen = await store.seen();
  quality.value = await store.quality();
  await showRefusal();
  await showState(seen);
  await Promise.all([showSite(), refresh()]);
}

/** Pending links and their server; the cookies of the site are opened if a download waits for them. */
async function showState({
  parked,
  folders,
  presets = [],
}: Pick<store.Seen, "parked" | "folders" | "presets">): Promise<void> {
  offer("folder", "topFolder", folders, await store.folder());
  offer("preset", "noPreset", presets, await store.preset());
  showParked(parked, site);
  if (needsCookies(parked, site)) $<HTMLDetailsElement>("#cookies").open = true;
}

/** Why a link of the context menu, or one that waited, was refused; once. */
async function showRefusal(): Promise<void> {
  const refusal = await store.refusal();
  if (!refusal) return;
  $("#refusedReason").textContent = reason(refusal.code, refusal.facts);
  $("#refusedUrl").textContent = refusal.url;
  $("#refusal").hidden = false;
  await store.keep({ refusal: null });
}

async function showSite(): Promise<void> {
  extract.disabled = download.disabled = site === undefined;
  $("#site").textContent = site ?? "—";
  $("#initial").textContent = site?.at(0) ?? "·";
  $("#count").textContent = words(site ? "hint" : "err_not_web");
  if (site && (await chrome.permissions.contains({ origins: [sitePattern(site)] }))) await count(site);
}

/** Show the site and the number of its cookies, before anything is sent. */
async function count(of: string): Promise<number> {
  const found = (await collect(of, await storeOf(tab?.id))).length;
  $("#count").textContent = found ? counted("found", found) : words("none");
  shown = true;
  return found;
}

async function refresh(): Promise<void> {
  const dot = $("#dot");
  try {
    const state = await calls.state();
    dot.classList.add("on");
    await showState(state);
    void chrome.runtime.sendMessage("look").catch(() => undefined);
  } catch (error) {
    dot.classList.add("off");
    failed(error);
  }
}

/** The first click of a site that was not allowed yet asks and counts; the next one sends. */
async function extractClicked(of: string): Promise<void> {
  // Must be the first thing that is waited for: it needs the click. It resolves at once where it was granted.
  const allowed = await chrome.permissions.request({ origins: [sitePattern(of)] });
  if (!allowed) return say(words("err_denied"), "bad");
  if (!shown) {
    const found = await count(of);
    if (found) extract.textContent = counted("send", found);
    else say(words("signedIn", of), "bad");
    return;
  }
  say(words("working"));
  const cookies = await collect(of, await storeOf(tab?.id));
  if (cookies.length === 0) return say(words("signedIn", of), "bad");
  const answer = await calls.sendCookies(of, cookies);
  const sent = counted("sent", answer.kept, answer.site);
  say(answer.resumed ? `${sent} ${counted("resumed", answer.resumed)}` : sent, "good");
  await refresh();
}

async function downloadClicked(url: string): Promise<void> {
  const max_height = Number(quality.value) || undefined;
  // A height switches the audio of a preset off.
  const audio = quality.value === "audio" ? ("m4a" as const) : max_height && preset.value ? null : undefined;
  const outcome = await outbox.submit({
    url,
    folder: folder.value || undefined,
    preset: preset.value || undefined,
    audio,
    max_height,
  });
  say(words(outcome === "sent" ? "queued" : "queuedLater"), "good");
}

$("#pair").onclick = () => void chrome.runtime.openOptionsPage();
quality.onchange = () => void store.keep({ quality: quality.value });
folder.onchange = () => void store.keep({ folder: folder.value });
preset.onchange = () => void store.keep({ preset: preset.value });
extract.onclick = () => void (site && busy(extract, () => extractClicked(site), failed));
download.onclick = () => void (isWeb(tab?.url) && busy(download, () => downloadClicked(tab.url ?? ""), failed));
await start();
