/** Languages by their names in the language of the page; the browser knows them, so the page has no list. */
const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** The name of a code such as `pt-BR`, also with `-sdh` of subtitles for the deaf; the code itself if it is unknown. */
export function languageName(code: string, locale: string): string {
  const plain = code.replace(/-sdh\b/, "");
  try {
    const name = new Intl.DisplayNames(locale, { type: "language" }).of(plain) ?? plain;
    return plain === code ? name : `${name} (SDH)`;
  } catch {
    return code; // it is none
  }
}

/** Every language of two letters that the browser has a name for: [code, name], in the order of their names. */
export function allLanguages(locale: string): [code: string, name: string][] {
  const names = new Intl.DisplayNames(locale, { type: "language", fallback: "none" });
  const found: [string, string][] = [];
  for (const first of LETTERS)
    for (const second of LETTERS) {
      const name = names.of(first + second);
      if (name) found.push([first + second, name]);
    }
  return found.sort(([, a], [, b]) => a.localeCompare(b, locale));
}

/** Codes out of what was typed: names or codes, with commas. Other text is ignored. */
export function codesIn(text: string, known: readonly (readonly [code: string, name: string])[]): string[] {
  const codes = listedCodes(text)
    .map((word) => known.find(([, name]) => name.toLowerCase() === word.toLowerCase())?.[0] ?? word)
    .filter((word) => /^[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}$/i.test(word));
  return [...new Set(codes)];
}

/** The pattern of a field with up to eight codes such as `pt-BR`, with commas; `original` is one too. */
export const LANGUAGE_LIST =
  "\\s*[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}\\s*(,\\s*[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}\\s*){0,7}";

/** The codes of a field that has this pattern, as they were typed. */
export const listedCodes = (text: string): string[] =>
  text
    .split(",")
    .map((code) => code.trim())
    .filter(Boolean);
