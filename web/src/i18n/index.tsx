import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import type { ErrorCode } from "@/api/client";
import { type Dict, en } from "./en";
import { enErrors, type ProblemWords } from "./en-errors";

export const LOCALES = { en: "English", fr: "Français" } as const;
export type Locale = keyof typeof LOCALES;
export type Key = keyof Dict;
type Params = Record<string, string | number>;
export type T = (key: Key, params?: Params) => string;

export type Words = { dict: Dict; errors: ProblemWords };

const loaders: Record<Locale, () => Promise<Words>> = {
  en: async () => ({ dict: en, errors: enErrors }),
  fr: async () => {
    // chunks of their own: who reads English never loads them
    const [{ fr }, { frErrors }] = await Promise.all([import("./fr"), import("./fr-errors")]);
    return { dict: fr, errors: frErrors };
  },
};
export function makeT(dict: Dict, locale: Locale): T {
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  return (key, params = {}) => {
    const entry = dict[key];
    const text =
      typeof entry === "string" ? entry : (entry[plural.select(Number(params.n)) as "one" | "other"] ?? entry.other);
    return text.replace(/\{(\w+)\}/g, (m, p) =>
      p in params ? (typeof params[p] === "number" ? number.format(params[p] as number) : String(params[p])) : m,
    );
  };
}
/** What happened and what to do about it, by the server's error code. */
export type Explain = (code: string, site?: string) => { what: string; fix: string };
export function makeExplain(errors: ProblemWords, anySite: string): Explain {
  return (code, site = anySite) => {
    const [what, fix] = errors[code as ErrorCode] ?? errors.internal;
    const filled = (text: string) => capital(text.replaceAll("{site}", site));
    return { what: filled(what), fix: filled(fix) };
  };
}

const capital = (text: string) => (/^\p{Ll}+ /u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);

type Ctx = { t: T; explain: Explain; locale: Locale; setLocale: (locale: Locale) => void };
const I18n = createContext<Ctx>({
  t: makeT(en, "en"),
  explain: makeExplain(enErrors, en["app.thisSite"]),
  locale: "en",
  setLocale() {},
});
export const useI18n = () => use(I18n);

export function detectLocale(): Locale {
  const saved = localStorage.getItem("mf.locale");
  if (saved && saved in LOCALES) return saved as Locale;
  return (navigator.languages.map((l) => l.slice(0, 2)).find((l) => l in LOCALES) as Locale) ?? "en";
}
export const loadWords = (locale: Locale) => loaders[locale]();

export function I18nProvider({ initial, words, children }: { initial: Locale; words: Words; children: ReactNode }) {
  const [now, set] = useState({ locale: initial, words });
  useEffect(() => {
    document.documentElement.lang = now.locale;
  }, [now.locale]);
  const value = useMemo<Ctx>(
    () => ({
      locale: now.locale,
      t: makeT(now.words.dict, now.locale),
      explain: makeExplain(now.words.errors, now.words.dict["app.thisSite"]),
      setLocale: (locale) => {
        localStorage.setItem("mf.locale", locale);
        void loaders[locale]().then((words) => set({ locale, words }));
      },
    }),
    [now],
  );
  return <I18n value={value}>{children}</I18n>;
}
