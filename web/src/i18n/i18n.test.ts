import { CODES } from "@/api/types";
import { en } from "./en";
import { enErrors } from "./en-errors";
import { type Dict, type Key, LOCALES, loadWords, makeExplain, makeT, type Words } from "./index";

const KEYS = Object.keys(en) as Key[];
const forms = (entry: Dict[Key]): string[] => (typeof entry === "string" ? [entry] : Object.values(entry));
const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
const EVERY: [code: string, words: Words][] = await Promise.all(
  Object.keys(LOCALES).map(async (code): Promise<[string, Words]> => [code, await loadWords(code)]),
);
const wordsOf = (code: string) => EVERY.find(([each]) => each === code)?.[1] as Words;

test("a file is all that a language needs: its name comes from its code", () => {
  expect(LOCALES).toEqual({ de: "Deutsch", en: "English", fr: "Français" });
});

test("plural forms follow the language, numbers its way of writing", () => {
  const english = makeT(en, "en");
  expect(english("lib.count", { n: 1 })).toBe("1 item");
  expect(english("lib.count", { n: 0 })).toBe("0 items");
  expect(english("lib.count", { n: 10_000 })).toBe("10,000 items");
  const french = makeT(wordsOf("fr").dict, "fr");
  expect(french("lib.count", { n: 0 })).toBe("0 élément");
  expect(french("lib.count", { n: 2 })).toBe("2 éléments");
  const german = makeT(wordsOf("de").dict, "de");
  expect(german("lib.count", { n: 0 })).toBe("0 Einträge");
  expect(german("lib.count", { n: 1 })).toBe("1 Eintrag");
  expect(german("lib.count", { n: 10_000 })).toBe("10.000 Einträge");
});

test("a language with more plural forms than English gets each of them", () => {
  const polish = { ...en, "lib.count": { one: "{n} film", few: "{n} filmy", many: "{n} filmów", other: "{n} filmu" } };
  const t = makeT(polish as unknown as Dict, "pl");
  expect([1, 3, 12, 22].map((n) => t("lib.count", { n }))).toEqual(["1 film", "3 filmy", "12 filmów", "22 filmy"]);
});

test("a parameter that is not given stays visible", () => {
  expect(makeT(en, "en")("job.left")).toBe("{v} left");
});

describe.each(EVERY)("language %s", (code, { dict, errors }) => {
  const plural = new Intl.PluralRules(code);
  const needed = new Set(Array.from({ length: 200 }, (_, n) => plural.select(n)));

  test("has exactly the keys of English, each with a text", () => {
    expect(Object.keys(dict).toSorted()).toEqual(KEYS.toSorted());
    expect(KEYS.filter((key) => forms(dict[key]).some((text) => !text.trim()))).toEqual([]);
  });

  test("has each plural form that its counts need", () => {
    const without = KEYS.filter((key) => {
      const entry = dict[key];
      return typeof entry !== "string" && [...needed].some((form) => !(form in entry));
    });
    expect(without).toEqual([]);
  });

  test("has no parameter that English does not give", () => {
    const unknown = KEYS.filter((key) => {
      const english = new Set(forms(en[key]).flatMap(parameters));
      return forms(dict[key])
        .flatMap(parameters)
        .some((name) => !english.has(name));
    });
    expect(unknown).toEqual([]);
  });

  test("has words for every error", () => {
    for (const error of CODES) {
      const { what, fix } = makeExplain(errors, dict["app.thisSite"])(error, "example.org");
      expect(what.length, error).toBeGreaterThan(5);
      expect(what + fix, error).not.toContain("{");
    }
  });
});

test("an error nobody knows is one of ours", () => {
  expect(makeExplain(enErrors, "this site")("of the future").what).toBe(enErrors.internal[0]);
});

test("without a site the sentence speaks of this one, with a capital letter", () => {
  for (const [code, start] of [
    ["fr", /^Ce site /],
    ["de", /^Diese Website /],
  ] as const) {
    const { dict, errors } = wordsOf(code);
    expect(makeExplain(errors, dict["app.thisSite"])("rate_limited").what).toMatch(start);
  }
});
