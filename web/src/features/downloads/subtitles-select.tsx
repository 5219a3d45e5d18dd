import { useId, useMemo, useState } from "react";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { allLanguages, codesIn, languageName } from "@/lib/languages";

const NONE = "none";
const OTHER = "other";
const FEW = 12; // of those that a film has

/** Chooses subtitles: codes with commas, "all", or "" for none. `there` are the languages that the film has. */
export function SubtitlesSelect({
  value,
  there,
  onChange,
}: {
  value: string;
  there: readonly string[];
  onChange: (codes: string) => void;
}) {
  const { t, locale } = useI18n();
  const [typing, setTyping] = useState(false);
  if (typing) return <Typed value={value} onChange={onChange} onClose={() => setTyping(false)} />;
  const own = [...new Set([...navigator.languages, locale].map((code) => code.slice(0, 2)))];
  const has = (code: string) => there.some((each) => each === code || each.startsWith(`${code}-`));
  // First what the film has, of that one's own languages first; what it has not is offered all the same.
  const offered = [...own.filter(has), ...there.filter((code) => !own.includes(code)).slice(0, FEW)];
  const rest = own.filter((code) => !has(code));
  const chosen = value && value !== "all" && ![...offered, ...rest].includes(value) ? [value] : [];
  const named = (codes: string) =>
    t("add.subtitlesIn", {
      v: codes
        .split(",")
        .map((code) => languageName(code, locale))
        .join(", "),
    });
  return (
    <Select
      label={t("add.subtitles")}
      className="max-w-52"
      value={value || NONE}
      onChange={(next) => {
        setTyping(next === OTHER);
        onChange(next === NONE || next === OTHER ? "" : next);
      }}
      items={[
        { value: NONE, label: t("add.noSubtitles") },
        ...[...chosen, ...offered].map((code) => ({ value: code, label: named(code) })),
        ...rest.map((code) => ({
          value: code,
          label: there.length ? `${named(code)} (${t("add.notThere")})` : named(code),
        })),
        { value: "all", label: t("add.allSubtitles") },
        { value: OTHER, label: t("add.otherLanguage") },
      ]}
    />
  );
}

/** Any language, by its name or code; several with commas. */
function Typed({
  value,
  onChange,
  onClose,
}: {
  value: string;
  onChange: (codes: string) => void;
  onClose: () => void;
}) {
  const { t, locale } = useI18n();
  const list = useId();
  const known = useMemo(() => allLanguages(locale), [locale]);
  const [text, setText] = useState(value);
  const keep = () => {
    onChange(codesIn(text, known).join(","));
    onClose();
  };
  return (
    <>
      <Input
        autoFocus
        list={list}
        aria-label={t("add.otherLanguage")}
        placeholder={t("add.languageHint")}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          onChange(codesIn(event.target.value, known).join(","));
        }}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            onChange("");
            onClose();
          } else if (event.key === "Enter") {
            event.preventDefault(); // it ends the choice, it does not send the link
            keep();
          }
        }}
        className="w-52"
      />
      <datalist id={list}>
        {known.map(([code, name]) => (
          <option key={code} value={name} />
        ))}
      </datalist>
    </>
  );
}
