/** Presets: named options that downloads of subscriptions use. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { presetsQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { register } from "@/lib/load";
import { Row } from "./filter-fields";

const PresetsDialog = lazy(register(() => import("./presets-dialog")));
const NONE = " "; // no name of a preset

type Props = { value: string; onChange: (name: string) => void };

/** Chooses a preset; "" is none. */
export function PresetRow({ value, onChange }: Props) {
  const { t } = useI18n();
  const { data = [] } = useQuery(presetsQuery);
  const [managed, setManaged] = useState(false);
  const names = data.map(({ name }) => name);
  const offered = value && !names.includes(value) ? [...names, value] : names;
  return (
    <Row label={t("preset.name")}>
      <Button type="button" variant="link" size="sm" onClick={() => setManaged(true)}>
        {t("preset.manage")}
      </Button>
      <Select
        label={t("preset.name")}
        className="max-w-44"
        value={value || NONE}
        onChange={(name) => onChange(name === NONE ? "" : name)}
        items={[{ value: NONE, label: t("preset.none") }, ...offered.map((name) => ({ value: name, label: name }))]}
      />
      {managed && (
        <Suspense>
          <PresetsDialog
            onClose={() => setManaged(false)}
            onRemoved={(name) => name === value && onChange("")}
            onSaved={onChange}
          />
        </Suspense>
      )}
    </Row>
  );
}
