import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { codeOf } from "@/api/client";
import type { Options, Subscription } from "@/api/types";
import { FolderSelect } from "@/components/folder-select";
import { QualitySelect } from "@/components/quality-select";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { qualityOf, withQuality } from "@/lib/quality";
import { FilterFields, Row } from "./filter-fields";
import { changeWishes } from "./mutations";
import { PresetRow } from "./presets";
import { isRetention, RemovalNote, RetentionFields, retentionFormOf, retentionOf } from "./retention";
import { isSchedule, ScheduleFields, scheduleFormOf, scheduleOf } from "./schedule";
import { filterOf, formOf, isValid } from "./wishes";

/** The wishes of a subscription, to be changed. */
export default function EditDialog({ one, onClose }: { one: Subscription; onClose: () => void }) {
  const { t, explain } = useI18n();
  const { mutate, isPending: busy } = useMutation({
    ...changeWishes,
    onSuccess: (after) => {
      const more = one.counts.skipped - after.counts.skipped;
      toast(
        more > 0
          ? t("follow.redecided", { n: more })
          : more < 0
            ? t("follow.redecidedLess", { n: -more })
            : t("follow.saved"),
      );
    },
  });
  const [form, setForm] = useState(() => formOf(one.filter));
  const [title, setTitle] = useState(one.title);
  const [folder, setFolder] = useState(one.folder);
  const [quality, setQuality] = useState(() => qualityOf(one.options as Options));
  const [retention, setRetention] = useState(() => retentionFormOf(one.retention));
  const [schedule, setSchedule] = useState(() => scheduleFormOf(one.schedule));
  const [preset, setPreset] = useState(one.preset ?? "");
  const [wrong, setWrong] = useState<string>();

  function save(event: FormEvent) {
    event.preventDefault();
    const options = withQuality(one.options as Options, quality, preset !== "");
    const wishes = {
      id: one.id,
      title,
      folder,
      options,
      filter: filterOf(form),
      retention: retentionOf(retention),
      schedule: scheduleOf(schedule),
      preset,
    };
    const onError = (error: unknown) => {
      const { what, fix } = explain(codeOf(error));
      if (codeOf(error) === "invalid_pattern") setWrong(`${what}. ${fix}`);
    };
    mutate(wishes, { onSuccess: onClose, onError });
  }
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent
        closeLabel={t("common.close")}
        className="max-h-[calc(100dvh-2rem)] max-w-xl grid-rows-[auto_auto_minmax(0,1fr)]"
      >
        <DialogTitle className="truncate">{t("follow.editTitle", { v: one.title })}</DialogTitle>
        <DialogDescription>{t("follow.editHint")}</DialogDescription>
        <form onSubmit={save} className="flex min-h-0 flex-col gap-4">
          <div className="min-h-0 divide-y overflow-y-auto rounded-xl border bg-card">
            <Row label={t("follow.displayName")}>
              <Input
                aria-label={t("follow.displayName")}
                required
                maxLength={300}
                className="w-full sm:w-72"
                value={title}
                onChange={(event) => setTitle(event.target.value)}
              />
            </Row>
            <FilterFields
              form={form}
              wrong={wrong}
              onChange={(more) => {
                setWrong(undefined);
                setForm((before) => ({ ...before, ...more }));
              }}
            />
            <Row label={t("sub.folder")}>
              <FolderSelect value={folder} onChange={setFolder} />
            </Row>
            <PresetRow value={preset} onChange={setPreset} />
            <Row label={t("sub.quality")}>
              <QualitySelect value={quality} onChange={setQuality} />
            </Row>
            <RetentionFields form={retention} onChange={(more) => setRetention((before) => ({ ...before, ...more }))} />
            <RemovalNote id={one.id} form={retention} />
            <ScheduleFields form={schedule} onChange={(more) => setSchedule((before) => ({ ...before, ...more }))} />
          </div>
          <div className="flex justify-end gap-2">
            <Button type="button" variant="outline" onClick={onClose}>
              {t("follow.cancel")}
            </Button>
            <Button type="submit" disabled={busy || !isValid(form) || !isRetention(retention) || !isSchedule(schedule)}>
              {t("follow.save")}
            </Button>
          </div>
        </form>
      </DialogContent>
    </Dialog>
  );
}
