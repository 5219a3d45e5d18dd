/** Which entries match what is typed, and which part of their text. */

/** Lower case and without accents: "elan" finds "Élan". */
export const plain = (text: string) =>
  text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();

/** Whether every typed word is in the text. */
export function matches(text: string, typed: string): boolean {
  const all = plain(text);
  return plain(typed)
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** The text in parts; every second part (1, 3, ...) is a place where a typed word was found. */
export function marked(text: string, typed: string): string[] {
  const folded = [...text].map(plain); // by character: the positions stay those of the text
  const found = new Array<boolean>(folded.length).fill(false);
  for (const word of plain(typed).split(/\s+/).filter(Boolean)) {
    for (let at = 0; at < folded.length; at++) {
      let end = at;
      for (let rest = word; rest && end < folded.length && rest.startsWith(folded[end] ?? ""); end++)
        rest = rest.slice(folded[end]?.length);
      if (folded.slice(at, end).join("") === word) found.fill(true, at, end);
    }
  }
  const parts: string[] = [""];
  let inside = false;
  [...text].forEach((letter, at) => {
    if (found[at] !== inside) {
      inside = !inside;
      parts.push("");
    }
    parts[parts.length - 1] += letter;
  });
  return parts;
}
