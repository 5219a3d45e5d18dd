import { useEffect, useState } from "react";
import { Input } from "@/components/ui/input";
import { useI18n } from "@/i18n";
import { integer } from "@/lib/format";
import { Field } from "./card";

type Props = {
  label: string;
  hint?: string;
  unit?: string;
  value: number | null;
  min: number;
  max: number;
  /** The meaning of an empty box. Without it a number is required. */
  empty?: string;
  /** Decided elsewhere: shown, and not to be changed. */
  locked?: boolean;
  /** Answers false where it was refused: then the value stands that holds. */
  onSave: (value: number | null) => Promise<boolean>;
};

/** A number of the server: kept when the box is left or Enter is pressed. */
export function NumberField({ label, hint, unit, value, min, max, empty, locked, onSave }: Props) {
  const { t, locale } = useI18n();
  const shown = value === null ? "" : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const [wrong, setWrong] = useState(false);
  const save = async () => {
    if (text === shown) return setWrong(false);
    const number = text.trim() === "" ? null : Number(text);
    const valid = number === null ? empty !== undefined : Number.isInteger(number) && number >= min && number <= max;
    setWrong(!valid);
    if (valid && (await onSave(number)) === false) setText(shown);
  };
  const says = wrong && t("set.between", { a: integer(min, locale), b: integer(max, locale) });
  return (
    <Field label={label} hint={hint} wrong={says || undefined} locked={locked}>
      {(id, hintId) => (
        <span className="flex items-center gap-2">
          <Input
            id={id}
            aria-describedby={hint || wrong || locked ? hintId : undefined}
            aria-invalid={wrong}
            type="number"
            min={min}
            max={max}
            placeholder={empty}
            disabled={locked}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onBlur={() => void save()}
            onKeyDown={(event) => event.key === "Enter" && void save()}
            className="num w-28 text-right aria-invalid:border-destructive"
          />
          {unit && <span className="w-12 text-[0.8125rem] text-muted-foreground">{unit}</span>}
        </span>
      )}
    </Field>
  );
}
