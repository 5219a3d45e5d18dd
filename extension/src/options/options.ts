/** The options page: pair with a server, see which it is, test the way to it, forget it. */
import { fromBase64url } from "../lib/bytes.ts";
import * as calls from "../lib/calls.ts";
import { $, busy, say } from "../lib/dom.ts";
import { originPattern, parsePairing } from "../lib/pairing.ts";
import { Problem } from "../lib/problem.ts";
import { fingerprint } from "../lib/seal.ts";
import { type Step, selfTest } from "../lib/selftest.ts";
import * as store from "../lib/store.ts";
import { counted, errorWords, localize, words } from "../lib/words.ts";

localize();
const code = $<HTMLTextAreaElement>("#code");
const failed = (error: unknown) => say(errorWords(error), "bad");

async function show(): Promise<void> {
  const server = await store.server();
  $("#paired").hidden = !server;
  $("#form").hidden = !!server;
  $("#title").textContent = words(server ? "titlePaired" : "titlePair");
  $("#steps").replaceChildren();
  if (!server) return;
  $("#name").textContent = server.name;
  $("#url").textContent = server.url;
  $("#pinned").textContent = await fingerprint(fromBase64url(server.key));
  const waiting = (await store.outbox()).length;
  $("#outbox").hidden = waiting === 0;
  $("#outbox").textContent = counted("outbox", waiting);
}

/** Whose code it is, before it is used. */
async function check(): Promise<void> {
  try {
    const pairing = parsePairing(code.value);
    $("#checkServer").textContent = `${pairing.name} · ${pairing.url}`;
    $("#offered").textContent = await fingerprint(pairing.key);
    $("#check").hidden = false;
  } catch {
    $("#check").hidden = true;
  }
}

async function pair(): Promise<void> {
  const pairing = parsePairing(code.value);
  // Must be the first thing that is waited for: it needs the click.
  if (!(await chrome.permissions.request({ origins: [originPattern(pairing.url)] }))) throw new Problem("denied");
  say(words("working"));
  await calls.pair(pairing, await deviceName());
  code.value = "";
  $("#check").hidden = true;
  await show();
  say(words("paired"), "good");
}

async function deviceName(): Promise<string> {
  const { os } = await chrome.runtime.getPlatformInfo();
  const agent = navigator.userAgent;
  const browser = agent.includes("Firefox") ? "Firefox" : agent.includes("Edg/") ? "Edge" : "Chromium";
  return `${browser} · ${os}`;
}

async function test(): Promise<void> {
  const server = await store.server();
  if (!server) return;
  say(words("working"));
  const steps = await selfTest(server, chrome.runtime.getManifest().version);
  $("#steps").replaceChildren(...steps.map(line));
  const well = steps.every((step) => step.ok);
  say(words(well ? "testGood" : "testBad"), well ? "good" : "bad");
}

function line(step: Step): HTMLElement {
  const item = document.createElement("li");
  item.className = step.ok ? "good" : "bad";
  const key = step.ok ? `test_${step.name}` : `test_${step.name}_${step.fault}`;
  item.textContent = `${step.ok ? "✓" : "✗"} ${words(key, ...step.facts)}`;
  return item;
}

async function forget(): Promise<void> {
  const server = await store.server();
  await store.forget();
  if (server) await chrome.permissions.remove({ origins: [originPattern(server.url)] }).catch(() => false);
  await show();
  say(words("forgotten"));
}

const button = (selector: string) => $<HTMLButtonElement>(selector);
code.oninput = () => void check();
$<HTMLFormElement>("#form").onsubmit = (event) => {
  event.preventDefault();
  void busy(button("#form button"), pair, failed);
};
button("#test").onclick = () => void busy(button("#test"), test, failed);
button("#forget").onclick = () => void busy(button("#forget"), forget, failed);
await show();
