/** Words in the browser's language; every sentence is in `_locales`. */
import { codeOf, factsOf } from "./problem.ts";

export function words(key: string, ...facts: string[]): string {
  return chrome.i18n.getMessage(key, facts) || key;
}

/** "one" and "many" have a message each: `<key>_one`, `<key>_many`. */
export function counted(key: string, count: number, ...facts: string[]): string {
  return words(count === 1 ? `${key}_one` : `${key}_many`, String(count), ...facts);
}

export function errorWords(error: unknown): string {
  return reason(codeOf(error), factsOf(error));
}

/** Why the server said no: our own words for its code, else its sentence. */
export function reason(code: string, facts: string[]): string {
  const own = code === "unknown" ? "" : chrome.i18n.getMessage(`err_${code}`, facts);
  return own || (code !== "unknown" && facts[0]) || words("err_unknown", facts[0] || code);
}

/** Put the words into the page: `data-words` is the text, `data-hint` the placeholder. */
export function localize(): void {
  document.documentElement.lang = chrome.i18n.getUILanguage();
  for (const element of document.querySelectorAll<HTMLElement>("[data-words]"))
    element.textContent = words(element.dataset.words ?? "");
  for (const element of document.querySelectorAll<HTMLInputElement>("[data-hint]"))
    element.placeholder = words(element.dataset.hint ?? "");
}
