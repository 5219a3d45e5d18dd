/** The popup's lists: folders and presets to choose from, and downloads that wait for cookies. */
import { $ } from "../lib/dom.ts";
import type { Parked } from "../lib/store.ts";
import { counted, words } from "../lib/words.ts";

/** Fill a list whose first choice is none of the names; what was chosen stays if it is still there. */
export function offer(id: "folder" | "preset", none: string, names: string[], chosen: string): void {
  const list = $<HTMLSelectElement>(`#${id}`);
  list.replaceChildren(new Option(words(none), ""), ...names.map((name) => new Option(name, name)));
  list.value = names.includes(chosen) ? chosen : "";
  $(`#${id}Row`).hidden = names.length === 0;
}

export function showParked(parked: Parked[], site: string | undefined): void {
  $("#waiting").hidden = parked.length === 0;
  $("#waitingTitle").textContent = counted("waiting", parked.length);
  $("#parked").replaceChildren(...parked.map((download) => row(download, site)));
}

function row(download: Parked, site: string | undefined): HTMLElement {
  const title = document.createElement("b");
  title.textContent = download.title ?? download.url;
  title.title = download.url;
  const where = document.createElement("p");
  where.className = "quiet";
  const here = site !== undefined && belongs(download.site, site);
  where.textContent = here ? words("parkedHere") : download.site;
  const text = document.createElement("div");
  text.append(title, where);
  const line = document.createElement("li");
  line.append(text);
  if (!here) line.append(openButton(download));
  return line;
}

/** Whether a download waits for the cookies of this site. */
export function needsCookies(parked: Parked[], site: string | undefined): boolean {
  return site !== undefined && parked.some((download) => belongs(download.site, site));
}

function belongs(host: string, site: string): boolean {
  return host === site || host.endsWith(`.${site}`);
}

/** To sign in there; the popup opens again on that tab. */
function openButton(download: Parked): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain small";
  button.textContent = words("openSite");
  button.onclick = () => void chrome.tabs.create({ url: download.url });
  return button;
}
