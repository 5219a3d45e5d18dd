import { useMutation } from "@tanstack/react-query";
import { type ChangeEvent, useId, useState } from "react";
import { codeOf } from "@/api/client";
import type { ImportedList } from "@/api/types";
import { FolderSelect } from "@/components/folder-select";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogDescription, DialogTitle } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import { useI18n } from "@/i18n";
import { Row } from "./filter-fields";
import { importList } from "./mutations";
import { PresetRow } from "./presets";

const KINDS = ".opml,.xml,.csv,.json,.db,text/csv,application/json";

/** Follows the links of a file of another program, after showing which. */
export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const { t, explain } = useI18n();
  const {
    mutate,
    error,
    isPending: busy,
  } = useMutation({
    ...importList,
    onSuccess: ({ added }, { dry_run }) => {
      if (!dry_run) toast(t("load.done", { n: added.length }));
    },
  });
  const id = useId();
  const [content, setContent] = useState<string>();
  const [folder, setFolder] = useState("");
  const [preset, setPreset] = useState("");
  const [found, setFound] = useState<ImportedList>();
  const wrong = error && explain(codeOf(error));

  function send(text: string, dry: boolean) {
    const wanted = { content: text, folder, preset: preset || null, dry_run: dry };
    const onSuccess = (done: ImportedList) => (dry ? setFound(done) : onClose());
    mutate(wanted, { onSuccess, onError: () => setFound(undefined) });
  }
  async function choose(event: ChangeEvent<HTMLInputElement>) {
    const text = await event.target.files?.[0]?.text();
    if (text === undefined) return;
    setContent(text);
    send(text, true);
  }
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent
        closeLabel={t("common.close")}
        className="max-h-[calc(100dvh-2rem)] max-w-lg grid-rows-[auto_auto_minmax(0,1fr)_auto]"
      >
        <DialogTitle>{t("load.title")}</DialogTitle>
        <DialogDescription>{t("load.hint")}</DialogDescription>
        <div className="min-h-0 space-y-4 overflow-y-auto">
          <label htmlFor={id} className="block text-[0.8125rem]">
            {t("load.file")}
            <input
              id={id}
              type="file"
              accept={KINDS}
              onChange={choose}
              className="mt-1.5 block w-full rounded-md border border-input px-3 py-2 text-[0.8125rem] file:mr-3 file:border-0 file:bg-transparent file:font-medium"
            />
          </label>
          <div className="divide-y rounded-xl border bg-card">
            <Row label={t("load.folder")}>
              <FolderSelect value={folder} onChange={setFolder} />
            </Row>
            <PresetRow value={preset} onChange={setPreset} />
          </div>
          {wrong && (
            <p role="alert" className="text-[0.8125rem] text-destructive">
              {wrong.what}. {wrong.fix}
            </p>
          )}
          {found && <Found list={found} />}
        </div>
        <div className="flex justify-end gap-2">
          <Button type="button" variant="outline" onClick={onClose}>
            {t("follow.cancel")}
          </Button>
          <Button
            type="button"
            disabled={busy || !content || !found?.added.length}
            onClick={() => content && send(content, false)}
          >
            {t("load.do", { n: found?.added.length ?? 0 })}
          </Button>
        </div>
      </DialogContent>
    </Dialog>
  );
}

function Found({ list }: { list: ImportedList }) {
  const { t } = useI18n();
  return (
    <div role="status" className="space-y-2 text-[0.8125rem]">
      <p className="font-medium">
        {[
          t("load.added", { n: list.added.length }),
          ...(list.known.length ? [t("load.known", { n: list.known.length })] : []),
          ...(list.failed.length ? [t("load.failed", { n: list.failed.length })] : []),
        ].join(" · ")}
      </p>
      <ul className="max-h-48 overflow-y-auto rounded-lg bg-muted/60 px-3 py-2">
        {list.failed.map(({ url, error }) => (
          <li key={url} className="wrap-anywhere text-destructive">
            {url}: {error.message}
          </li>
        ))}
        {list.added.map(({ url, title }) => (
          <li key={url} className="truncate">
            {title}
          </li>
        ))}
      </ul>
    </div>
  );
}
