import { useMutation, useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Options, Preset } from "@/api/types";
import { QualitySelect, useQualityName } from "@/components/quality-select";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/switch";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { optionsOfQuality, qualityOf } from "@/lib/quality";
import { Row } from "./filter-fields";
import { removePreset, savePreset } from "./mutations";
import { presetsQuery } from "./queries";

type Props = { onClose: () => void; onRemoved: (name: string) => void; onSaved: (name: string) => void };

/** The user's presets, and the form of a new one. */
export default function PresetsDialog({ onClose, onRemoved, onSaved }: Props) {
  const { t } = useI18n();
  const remove = useMutation({ ...removePreset, onSuccess: (_answer, name) => onRemoved(name) });
  const words = useOptionsInWords();
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
              {data.map(({ name, options }: Preset) => (
                <li key={name} className="flex items-center gap-3 px-4 py-2">
                  <div className="min-w-0 flex-1">
                    <p className="truncate font-medium">{name}</p>
                    <p className="truncate text-xs text-muted-foreground">{words(options as Options)}</p>
                  </div>
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
              ))}
            </ul>
          )}
          <NewPreset onSaved={onSaved} />
        </div>
      </DialogContent>
    </Dialog>
  );
}

function useOptionsInWords() {
  const { t } = useI18n();
  const quality = useQualityName();
  return (options: Options) =>
    [
      quality(qualityOf(options)),
      options.subtitles?.length ? `${t("preset.subtitles")}: ${options.subtitles.join(", ")}` : "",
      options.sponsorblock ? t("preset.sponsorblock") : "",
    ]
      .filter(Boolean)
      .join(" · ");
}

function NewPreset({ onSaved }: { onSaved: (name: string) => void }) {
  const { t } = useI18n();
  const { mutate, isPending: busy } = useMutation({
    ...savePreset,
    onSuccess: (saved) => {
      onSaved(saved.name);
      toast(t("preset.saved", { v: saved.name }));
      setName("");
    },
  });
  const [name, setName] = useState("");
  const [quality, setQuality] = useState("best");
  const [subtitles, setSubtitles] = useState("");
  const [marks, setMarks] = useState(false);
  function save(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation(); // a dialog inside a form
    const languages = subtitles.split(/[\s,]+/).filter(Boolean);
    const options = {
      ...optionsOfQuality(quality),
      ...(languages.length && { subtitles: languages }),
      ...(marks && { sponsorblock: true }),
    };
    mutate({ name: name.trim(), options });
  }
  return (
    <form onSubmit={save} aria-label={t("preset.new")} className="divide-y rounded-xl border bg-card">
      <Row label={t("preset.newName")}>
        <Input
          aria-label={t("preset.newName")}
          required
          maxLength={60}
          pattern="[^\/]*\S[^\/]*"
          className="w-full sm:w-56"
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
      <div className="flex justify-end px-4 py-2">
        <Button type="submit" disabled={busy || !name.trim()}>
          {t("preset.save")}
        </Button>
      </div>
    </form>
  );
}
