import { useEffect, useState } from "react";
import { call } from "@/api/client";
import { Input } from "@/components/ui/misc";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { LOCALES, type Locale, useI18n } from "@/i18n";
import { LANGUAGE_LIST } from "@/lib/languages";
import { setTheme, type Theme, useTheme } from "@/lib/theme";
import { Card, Field } from "./card";

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
      <Field label={t("set.spoken")} hint={t("set.spokenHint")}>
        {(id, hint) => <Spoken id={id} hint={hint} />}
      </Field>
    </Card>
  );
}

/** The languages of further sounds; the server keeps them for all downloads of the user. */
function Spoken({ id, hint }: { id: string; hint: string }) {
  const [text, setText] = useState("");
  useEffect(() => {
    let open = true;
    void call("GET", "/api/preferences")
      .then(({ audio_languages: codes }) => open && setText(codes?.join(", ") ?? ""))
      .catch(() => {});
    return () => {
      open = false;
    };
  }, []);
  return (
    <Input
      id={id}
      aria-describedby={hint}
      placeholder="de, original"
      pattern={LANGUAGE_LIST}
      className="w-44"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={(event) => {
        if (!event.target.reportValidity()) return;
        const codes = text
          .split(",")
          .map((code) => code.trim())
          .filter(Boolean);
        void call("PATCH", "/api/preferences", { body: { audio_languages: codes.length ? codes : null } }).catch(
          () => {},
        );
      }}
    />
  );
}
