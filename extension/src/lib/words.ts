/** Words in the browser's language; every sentence is in `_locales`. */
import { Problem } from "./problem.ts";

export function words(key: string, ...facts: string[]): string {
	return chrome.i18n.getMessage(key, facts) || key;
}

/** "one" and "many" have a message each: `<key>_one`, `<key>_many`. */
export function counted(key: string, count: number, ...facts: string[]): string {
	return words(count === 1 ? `${key}_one` : `${key}_many`, String(count), ...facts);
}

export function errorWords(error: unknown): string {
	const code = error instanceof Problem ? error.code : "unknown";
	const facts = error instanceof Problem ? error.facts : [error instanceof Error ? error.message : String(error)];
	return chrome.i18n.getMessage(`err_${code}`, facts) || words("err_unknown", facts[0] || code);
}

/** Put the words into the page: `data-words` is the text, `data-hint` the placeholder. */
export function localize(): void {
	document.documentElement.lang = chrome.i18n.getUILanguage();
	for (const element of document.querySelectorAll<HTMLElement>("[data-words]"))
		element.textContent = words(element.dataset.words ?? "");
	for (const element of document.querySelectorAll<HTMLInputElement>("[data-hint]"))
		element.placeholder = words(element.dataset.hint ?? "");
}
