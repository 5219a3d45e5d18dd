import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { codeOf } from "@/api/client";
import { Input } from "@/components/ui/input";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { LOCALES, type Locale, useI18n } from "@/i18n";
import { LANGUAGE_LIST, listedCodes } from "@/lib/languages";
import { setTheme, type Theme, useTheme } from "@/lib/theme";
import { Card, Field } from "./card";
import { changePreferences } from "./mutations";
import { listedQuery } from "./queries";

export function General() {
  const { t, locale, setLocale } = useI18n();
  const theme = useTheme();
  return (
    <Card id="general" title={t("set.general")}>
      <Field label={t("set.language")} hint={t("set.languageHint")}>
        {() => (
          <Select<Locale>
            label={t("set.language")}
            className="w-44"
            value={locale}
            onChange={setLocale}
            items={Object.entries(LOCALES).map(([value, label]) => ({ value, label }))}
          />
        )}
      </Field>
      <Field label={t("set.theme")} hint={t("set.themeHint")}>
        {() => (
          <Segmented<Theme>
            label={t("set.theme")}
            value={theme}
            onChange={setTheme}
            items={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`set.${value}`) }))}
          />
        )}
      </Field>
      <Spoken />
    </Card>
  );
}

/** The languages of further sounds; the server keeps them for all downloads of the user. */
function Spoken() {
  const { t, explain } = useI18n();
  const { data, error } = useQuery(listedQuery("/api/preferences"));
  const [typed, setTyped] = useState<string>(); // undefined: what is stored is shown
  const { mutate, isPending, variables } = useMutation({
    ...changePreferences,
    // The text stays, and leaving the box tries again.
    onError: (_error, { audio_languages: codes }) => setTyped((now) => now ?? codes?.join(", ") ?? ""),
  });
  const stored = (isPending ? variables : data)?.audio_languages?.join(", ") ?? "";
  function save(box: HTMLInputElement) {
    if (typed === undefined || !box.reportValidity()) return;
    setTyped(undefined);
    const codes = listedCodes(typed);
    if (codes.join(", ") !== stored) mutate({ audio_languages: codes.length ? codes : null });
  }
  return (
    <Field
      label={t("set.spoken")}
      hint={t("set.spokenHint")}
      wrong={error && !data ? explain(codeOf(error)).what : undefined}
    >
      {(id, hint) => (
        <Input
          id={id}
          aria-describedby={hint}
          placeholder="de, original"
          pattern={LANGUAGE_LIST}
          className="w-44"
          disabled={!data}
          value={typed ?? stored}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={(event) => save(event.target)}
          onKeyDown={(event) => event.key === "Enter" && save(event.currentTarget)}
        />
      )}
    </Field>
  );
}
