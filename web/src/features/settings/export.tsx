import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { codeOf } from "@/api/client";
import type { ExportNames } from "@/api/types";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { useSettled } from "@/lib/settled";
import { Card, Field } from "./card";
import { ExportTrees, Tagged } from "./export-trees";
import { FolderLayoutFields, type FolderLayouts, hasMusic, type Layout, layoutItems } from "./folder-layouts";
import { exportNamesQuery } from "./queries";

const EXAMPLE = "{channel}/{year}/{date} {title}";
const FIELDS = [
  "title",
  "channel",
  "site",
  "series",
  "season",
  "episode",
  "artist",
  "album",
  "track",
  "track_number",
  "date",
  "year",
  "month",
  "day",
  "id",
];
const SHOWN = 6; // names of the preview
const SETTLE = 300; // ms without a change before the server is asked

/** The library as a tree of links under readable names: the command that makes it, and the names that it would give. */
export function Export({ admin }: { admin: boolean }) {
  return (
    <>
      <Plan />
      {admin && <ExportTrees />}
    </>
  );
}

function Plan() {
  const { t } = useI18n();
  const [layout, setLayout] = useState<Layout | "own">("film");
  const [names, setNames] = useState(EXAMPLE);
  const [folders, setFolders] = useState<FolderLayouts>({});
  const [tagged, setTagged] = useState(false);
  const { paths, wrong, away } = useNames({
    layout: layout === "own" ? "film" : layout,
    template: layout === "own" ? names : null,
    folder_layouts: folders,
  });
  const music = hasMusic(layout, folders);
  const command = [
    "mediafetcher export /srv/media",
    layout === "own" ? `--template ${quoted(names)}` : layout !== "film" && `--layout ${layout}`,
    ...Object.entries(folders).map(([path, kind]) => `--folder-layout ${quoted(`${path}=${kind}`)}`),
    music && tagged && "--tagged",
  ];
  return (
    <Card id="export" title={t("set.export")} hint={t("set.exportHint")}>
      <Field label={t("set.exportLayout")}>
        {() => (
          <Select<Layout | "own">
            label={t("set.exportLayout")}
            className="w-52"
            value={layout}
            onChange={setLayout}
            items={[...layoutItems(t), { value: "own", label: t("set.exportOwn") }]}
          />
        )}
      </Field>
      {layout === "own" && (
        <Field
          label={t("set.exportNames")}
          hint={t("set.exportNamesHint", { v: FIELDS.map((name) => `{${name}}`).join(" ") })}
          wrong={wrong}
        >
          {(id, hint) => (
            <Input
              id={id}
              aria-describedby={hint}
              aria-invalid={Boolean(wrong)}
              className="w-72 font-mono text-xs"
              value={names}
              onChange={(event) => setNames(event.target.value)}
            />
          )}
        </Field>
      )}
      <FolderLayoutFields value={folders} onChange={setFolders} />
      {music && <Tagged checked={tagged} onChange={setTagged} />}
      {wrong && layout !== "own" && (
        <p role="alert" className="px-4 py-3.5 text-[0.8125rem] text-destructive">
          {wrong}
        </p>
      )}
      {away && (
        <p role="status" className="px-4 py-3.5 text-[0.8125rem] text-muted-foreground">
          {away}
        </p>
      )}
      {paths && (
        <div className="space-y-2 p-4">
          <p className="text-[0.8125rem]">{t(paths.length ? "set.exportPreview" : "set.exportNone")}</p>
          {paths.length > 0 && (
            <ul className="space-y-1 font-mono text-xs text-muted-foreground" aria-label={t("set.exportPreview")}>
              {paths.slice(0, SHOWN).map((path) => (
                <li key={path} className="break-words">
                  {path}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      <div className="space-y-2 p-4">
        <p className="text-[0.8125rem]">{t("set.exportHow")}</p>
        <code className="block select-all overflow-x-auto rounded-md border bg-muted px-3 py-2 font-mono text-xs">
          {command.filter(Boolean).join(" ")}
        </code>
      </div>
    </Card>
  );
}

/**
 * The names of the newest items, or what is wrong with the template. If the server does not answer, `away` says so, and
 * the last names stay.
 */
function useNames(wishes: ExportNames) {
  const { explain } = useI18n();
  const body = useSettled(wishes, SETTLE);
  const { data, error } = useQuery(exportNamesQuery(body));
  const [last, setLast] = useState(data?.paths);
  if (data && data.paths !== last) setLast(data.paths);
  if (!error) return { paths: data?.paths };
  if (codeOf(error) === "invalid") return { wrong: error.message };
  return { paths: last, away: explain(codeOf(error)).what };
}

/** A word as a shell reads it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
