import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, codeOf } from "@/api/client";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";
import { useSettled } from "@/lib/settled";
import { Card, Field } from "./card";

type Layout = "film" | "show" | "music" | "own";

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
export function Export() {
  const { t } = useI18n();
  const [layout, setLayout] = useState<Layout>("film");
  const [names, setNames] = useState(EXAMPLE);
  const { paths, wrong } = useNames(layout, layout === "own" ? names : null);
  const option = layout === "own" ? ` --template ${quoted(names)}` : layout === "film" ? "" : ` --layout ${layout}`;
  return (
    <Card id="export" title={t("set.export")} hint={t("set.exportHint")}>
      <Field label={t("set.exportLayout")}>
        {() => (
          <Select<Layout>
            label={t("set.exportLayout")}
            className="w-52"
            value={layout}
            onChange={setLayout}
            items={[
              { value: "film", label: t("set.exportFilm") },
              { value: "show", label: t("set.exportShow") },
              { value: "music", label: t("set.exportMusic") },
              { value: "own", label: t("set.exportOwn") },
            ]}
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
          mediafetcher export /srv/media{option}
        </code>
      </div>
    </Card>
  );
}

/** The names of the newest items, or what is wrong with the template. */
function useNames(layout: Layout, template: string | null) {
  const { explain } = useI18n();
  const body = useSettled({ layout: layout === "own" ? "film" : layout, template }, SETTLE);
  const { data, error } = useQuery({
    queryKey: ["export", body],
    queryFn: ({ signal }) => call("POST", "/api/export/preview", { body, signal }),
    placeholderData: (before) => before,
    retry: false,
  });
  if (!error) return { paths: data?.paths };
  return { wrong: codeOf(error) === "invalid" ? error.message : explain(codeOf(error)).what };
}

/** A word as a shell reads it. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
