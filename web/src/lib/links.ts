/** Links out of whatever was pasted, dropped or typed. */
const LINK = /^(https?:\/\/\S+|[\w-]+(\.[\w-]+)+(:\d+)?([/?#]\S*)?)$/i; // the server judges those with a scheme

/** Every link once, in order; a missing scheme becomes https. Other text is ignored. */
export function linksIn(text: string): string[] {
  const found = text
    .split(/\s+/)
    .filter((word) => LINK.test(word))
    .map((word) => (/^https?:\/\//i.test(word) ? word : `https://${word}`));
  return [...new Set(found)];
}

/** Whether every word of it is a link: then a paste anywhere on the page means us. */
export const onlyLinks = (text: string) =>
  text.trim() !== "" &&
  text
    .trim()
    .split(/\s+/)
    .every((word) => LINK.test(word));
