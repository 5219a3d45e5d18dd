import { allLanguages, codesIn, languageName } from "./languages";

test("languages have their names in the language of the page", () => {
  expect(languageName("hu", "en")).toBe("Hungarian");
  expect(languageName("hu", "fr")).toBe("hongrois");
  expect(languageName("no such thing", "en")).toBe("no such thing");
  const all = new Map(allLanguages("en"));
  expect(all.size).toBeGreaterThan(150);
  expect(all.get("de")).toBe("German");
});

test.each([
  ["hu", ["hu"]],
  ["Hungarian, pt-BR", ["hu", "pt-BR"]],
  ["german,  German ,de", ["de"]],
  ["what is this, x", []],
  ["", []],
])("%j means %j", (text, codes) => expect(codesIn(text, allLanguages("en"))).toEqual(codes));

test("subtitles for the deaf have the name of their language", () => {
  expect([languageName("en-sdh", "de"), languageName("pt-BR-sdh", "en")]).toEqual([
    "Englisch (SDH)",
    "Brazilian Portuguese (SDH)",
  ]);
});
