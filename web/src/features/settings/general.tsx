import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { LOCALES, type Locale, useI18n } from "@/i18n";
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
    </Card>
  );
}
