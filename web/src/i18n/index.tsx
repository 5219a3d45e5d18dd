import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import type { ErrorCode } from "@/api/client";
import { languageName } from "@/lib/languages";
import { announce } from "@/lib/preferences";
import { en } from "./en";
import { enErrors, type ProblemWords } from "./en-errors";

/** The texts of a language for the keys of some English ones: a text, or one for each plural form of the language. */
export type Texts<English> = { [K in keyof English]: English[K] extends string ? string : Plural };
type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;

export type Dict = Texts<typeof en>;
export type Key = keyof Dict;
type Params = Record<string, string | number>;
export type T = (key: Key, params?: Params) => string;

export type Words = { dict: Dict; errors: ProblemWords };
export type Locale = string;

/** Every language beside English is a file named after its code: a chunk of its own, which exports its `words`. */
const FILES = import.meta.glob<{ words: Words }>(["./[a-z][a-z].ts", "!./en.ts"]);
const loaders: Record<Locale, () => Promise<Words>> = {
  en: async () => ({ dict: en, errors: enErrors }),
};
for (const [path, load] of Object.entries(FILES)) loaders[path.slice(2, 4)] = async () => (await load()).words;

/** The languages of the page by their codes, with their own names. */
export const LOCALES: Record<Locale, string> = Object.fromEntries(
  Object.keys(loaders)
    .toSorted()
    .map((code) => [code, ownName(code)]),
);

function ownName(code: Locale): string {
  const name = languageName(code, code);
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

export function makeT(dict: Dict, locale: Locale): T {
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  return (key, params = {}) => {
    const entry: string | Plural = dict[key];
    const text = typeof entry === "string" ? entry : (entry[plural.select(Number(params.n))] ?? entry.other);
    return text.replace(/\{(\w+)\}/g, (m, p) =>
      p in params ? (typeof params[p] === "number" ? number.format(params[p] as number) : String(params[p])) : m,
    );
  };
}
/** The message and the advice for a problem, by the server's error code. */
export type Explain = (code: string, site?: string) => { what: string; fix: string };
export function makeExplain(errors: ProblemWords, anySite: string): Explain {
  return (code, site = anySite) => {
    const [what, fix] = errors[code as ErrorCode] ?? errors.internal;
    const filled = (text: string) => capital(text.replaceAll("{site}", site));
    return { what: filled(what), fix: filled(fix) };
  };
}

const capital = (text: string) => (/^\p{Ll}+ /u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);

type Ctx = {
  t: T;
  explain: Explain;
  locale: Locale;
  /** Choose a language, in this browser and on the server. */
  setLocale: (locale: Locale) => void;
  keepLocale: (locale: Locale) => void;
};
const I18n = createContext<Ctx>({
  t: makeT(en, "en"),
  explain: makeExplain(enErrors, en["app.thisSite"]),
  locale: "en",
  setLocale() {},
  keepLocale() {},
});
export const useI18n = () => use(I18n);

export function detectLocale(): Locale {
  const saved = localStorage.getItem("mf.locale");
  if (saved && saved in LOCALES) return saved;
  return navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in LOCALES) ?? "en";
}
/** Returns: the words of a language; English if there is none of this code. */
export const loadWords = (locale: Locale): Promise<Words> =>
  (loaders[locale] ?? (async () => ({ dict: en, errors: enErrors })))();

export function I18nProvider({ initial, words, children }: { initial: Locale; words: Words; children: ReactNode }) {
  const [now, set] = useState({ locale: initial, words });
  useEffect(() => {
    document.documentElement.lang = now.locale;
  }, [now.locale]);
  const value = useMemo<Ctx>(() => {
    const keepLocale = (locale: Locale) => {
      localStorage.setItem("mf.locale", locale);
      void loadWords(locale).then((words) => set({ locale, words }));
    };
    return {
      locale: now.locale,
      t: makeT(now.words.dict, now.locale),
      explain: makeExplain(now.words.errors, now.words.dict["app.thisSite"]),
      keepLocale,
      setLocale: (locale) => {
        keepLocale(locale);
        announce({ language: locale });
      },
    };
  }, [now]);
  return <I18n value={value}>{children}</I18n>;
}
