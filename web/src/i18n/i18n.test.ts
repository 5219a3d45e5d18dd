import { CODES } from "@/api/types";
import { en } from "./en";
import { enErrors } from "./en-errors";
import { fr } from "./fr";
import { frErrors } from "./fr-errors";
import { type Key, makeExplain, makeT } from "./index";

const KEYS = Object.keys(en) as Key[];
const forms = (entry: (typeof fr)[Key]) => (typeof entry === "string" ? [entry] : Object.values(entry));
const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();

test("plural forms follow the language, numbers its way of writing", () => {
  const english = makeT(en, "en");
  expect(english("lib.count", { n: 1 })).toBe("1 item");
  expect(english("lib.count", { n: 0 })).toBe("0 items");
  expect(english("lib.count", { n: 10_000 })).toBe("10,000 items");
  const french = makeT(fr, "fr");
  expect(french("lib.count", { n: 0 })).toBe("0 élément");
  expect(french("lib.count", { n: 2 })).toBe("2 éléments");
});

test("a parameter that is not given stays visible", () => {
  expect(makeT(en, "en")("job.left")).toBe("{v} left");
});

test.each(KEYS)("%s: no empty text, and French has no parameters of its own", (key) => {
  const english = new Set(forms(en[key]).flatMap(parameters));
  for (const text of [...forms(en[key]), ...forms(fr[key])]) expect(text.trim()).not.toBe("");
  for (const name of forms(fr[key]).flatMap(parameters)) expect(english).toContain(name);
});

test.each(CODES)("the error %s has words in every language", (code) => {
  for (const errors of [enErrors, frErrors]) {
    const { what, fix } = makeExplain(errors, "this site")(code, "example.org");
    expect(what.length).toBeGreaterThan(5);
    expect(what + fix).not.toContain("{");
  }
});

test("an error nobody knows is one of ours", () => {
  expect(makeExplain(enErrors, "this site")("of the future").what).toBe(enErrors.internal[0]);
});

test("without a site the sentence speaks of this one, with a capital letter", () => {
  expect(makeExplain(frErrors, fr["app.thisSite"])("rate_limited").what).toMatch(/^Ce site /);
});
