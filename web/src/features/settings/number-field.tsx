import { useEffect, useState } from "react";
import { Input } from "@/components/ui/misc";
import { Field } from "./card";

type Props = {
  label: string;
  hint?: string;
  unit?: string;
  value: number | null;
  min: number;
  max: number;
  /** What an empty box means; without it a number is needed. */
  empty?: string;
  onSave: (value: number | null) => void;
};

/** A number of the server: kept when the box is left or Enter is pressed. */
export function NumberField({ label, hint, unit, value, min, max, empty, onSave }: Props) {
  const shown = value === null ? "" : String(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const save = () => {
    if (text === shown) return;
    const number = text.trim() === "" ? null : Number(text);
    const valid = number === null ? empty !== undefined : Number.isInteger(number) && number >= min && number <= max;
    if (valid) onSave(number);
    else setText(shown);
  };
  return (
    <Field label={label} hint={hint}>
      {(id, hintId) => (
        <span className="flex items-center gap-2">
          <Input
            id={id}
            aria-describedby={hint && hintId}
            type="number"
            min={min}
            max={max}
            placeholder={empty}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onBlur={save}
            onKeyDown={(event) => event.key === "Enter" && save()}
            className="num w-28 text-right"
          />
          {unit && <span className="w-12 text-[0.8125rem] text-muted-foreground">{unit}</span>}
        </span>
      )}
    </Field>
  );
}
