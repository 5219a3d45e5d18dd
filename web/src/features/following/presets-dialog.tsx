import { useMutation, useQuery } from "@tanstack/react-query";
import { Pencil, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { presetsQuery } from "@/api/queries";
import type { Preset } from "@/api/types";
import { unnamed, usePresetWords } from "@/components/preset-words";
import { QualitySelect } from "@/components/quality-select";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { optionsOfQuality, qualityOf } from "@/lib/quality";
import { Row } from "./filter-fields";
import { removePreset, savePreset } from "./mutations";

type Props = { onClose: () => void; onRemoved: (name: string) => void; onSaved: (name: string) => void };

/** The user's presets, and the form of a new one or of the one that is edited. */
export default function PresetsDialog({ onClose, onRemoved, onSaved }: Props) {
  const { t } = useI18n();
  const remove = useMutation({
    ...removePreset,
    onSuccess: (_answer, name) => {
      setEdited((before) => (before?.name === name ? undefined : before));
      onRemoved(name);
    },
  });
  const words = usePresetWords();
  const [edited, setEdited] = useState<Preset>();
  const [saved, setSaved] = useState(0); // each time the form begins again
  const { data = [] } = useQuery(presetsQuery);
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent
        closeLabel={t("common.close")}
        className="max-h-[calc(100dvh-2rem)] max-w-lg grid-rows-[auto_auto_minmax(0,1fr)]"
      >
        <DialogTitle>{t("preset.title")}</DialogTitle>
        <DialogDescription>{t("preset.hint")}</DialogDescription>
        <div className="min-h-0 space-y-4 overflow-y-auto">
          {data.length > 0 && (
            <ul aria-label={t("preset.title")} className="divide-y rounded-xl border bg-card">
              {data.map((preset) => {
                const { name, options } = preset;
                return (
                  <li key={name} className="flex items-center gap-3 px-4 py-2">
                    <div className="min-w-0 flex-1">
                      <p className="truncate font-medium">{name}</p>
                      <p className="truncate text-xs text-muted-foreground">{words(options)}</p>
                    </div>
                    <Button
                      type="button"
                      variant="ghost"
                      size="icon"
                      aria-label={`${t("preset.edit")}: ${name}`}
                      onClick={() => setEdited(preset)}
                    >
                      <Pencil />
                    </Button>
                    <Button
                      type="button"
                      variant="ghost"
                      size="icon"
                      aria-label={`${t("preset.remove")}: ${name}`}
                      onClick={() => remove.mutate(name)}
                    >
                      <Trash2 />
                    </Button>
                  </li>
                );
              })}
            </ul>
          )}
          <PresetForm
            key={`${edited?.name} ${saved}`}
            presets={data}
            edited={edited}
            onCancel={() => setEdited(undefined)}
            onSaved={(name) => {
              setEdited(undefined);
              setSaved((before) => before + 1);
              onSaved(name);
            }}
          />
        </div>
      </DialogContent>
    </Dialog>
  );
}

type FormProps = { presets: Preset[]; edited?: Preset; onSaved: (name: string) => void; onCancel: () => void };

/** A new preset, or the one that is edited. Options without a field stay as they are. */
function PresetForm({ presets, edited, onSaved, onCancel }: FormProps) {
  const { t } = useI18n();
  const words = usePresetWords();
  const { mutate, isPending: busy } = useMutation({
    ...savePreset,
    onSuccess: (saved) => {
      toast(t("preset.saved", { v: saved.name }));
      onSaved(saved.name);
    },
  });
  const before = edited?.options ?? {};
  const [name, setName] = useState(edited?.name ?? "");
  const [quality, setQuality] = useState(() => qualityOf(before));
  const [subtitles, setSubtitles] = useState(before.subtitles?.join(", ") ?? "");
  const [marks, setMarks] = useState(before.sponsorblock ?? false);
  const replaced = edited ? undefined : presets.find((each) => sameName(each.name, name));
  function save(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation(); // a dialog inside a form
    const languages = subtitles.split(/[\s,]+/).filter(Boolean);
    const options = {
      ...unnamed(before),
      ...optionsOfQuality(quality),
      ...(languages.length && { subtitles: languages }),
      ...(marks && { sponsorblock: true }),
    };
    mutate({ name: name.trim(), options });
  }
  const title = edited ? t("preset.editing", { v: edited.name }) : t("preset.new");
  return (
    <form onSubmit={save} aria-label={title} className="divide-y rounded-xl border bg-card">
      <Row label={t("preset.newName")}>
        <Input
          aria-label={t("preset.newName")}
          required
          readOnly={!!edited}
          maxLength={60}
          pattern="[^\/]*\S[^\/]*"
          className="w-full read-only:bg-muted read-only:text-muted-foreground sm:w-56"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Row>
      <Row label={t("sub.quality")}>
        <QualitySelect value={quality} onChange={setQuality} />
      </Row>
      <Row label={t("preset.subtitles")}>
        <Input
          aria-label={t("preset.subtitles")}
          placeholder="en, fr"
          className="w-40"
          value={subtitles}
          onChange={(event) => setSubtitles(event.target.value)}
        />
      </Row>
      <Row label={t("preset.sponsorblock")}>
        <Switch aria-label={t("preset.sponsorblock")} checked={marks} onCheckedChange={setMarks} />
      </Row>
      {replaced && (
        <p role="alert" className="px-4 py-2 text-pretty text-[0.8125rem] text-warn">
          {t("preset.replaces", { v: replaced.name, what: words(replaced.options) })}
        </p>
      )}
      <div className="flex justify-end gap-2 px-4 py-2">
        {edited && (
          <Button type="button" variant="outline" onClick={onCancel}>
            {t("common.cancel")}
          </Button>
        )}
        <Button type="submit" disabled={busy || !name.trim()}>
          {t(replaced ? "preset.replace" : "preset.save")}
        </Button>
      </div>
    </form>
  );
}

/** As the server compares them: without regard to case and to spaces around and between words. */
const sameName = (a: string, b: string) => plain(a) === plain(b);
const plain = (name: string) => name.trim().split(/\s+/).join(" ").toLowerCase();
