import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { foldersQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { type T, useI18n } from "@/i18n";

export type Layout = "film" | "show" | "show-by-playlist" | "music";
export type FolderLayouts = Record<string, Layout>;

const MOST = 100; // as the server has it

export const layoutItems = (t: T): { value: Layout; label: string }[] => [
  { value: "film", label: t("set.exportFilm") },
  { value: "show", label: t("set.exportShow") },
  { value: "show-by-playlist", label: t("set.exportShowByPlaylist") },
  { value: "music", label: t("set.exportMusic") },
];

/** Tell whether a tree has music: only that can be tagged copies. */
export const hasMusic = (layout: string, folders: FolderLayouts) =>
  layout === "music" || Object.values(folders).includes("music");

type Props = { value: FolderLayouts; onChange: (value: FolderLayouts) => void };

/** Folders of the library that have a layout of their own in an exported tree. */
export function FolderLayoutFields({ value, onChange }: Props) {
  const { t } = useI18n();
  const id = useId();
  return (
    <fieldset aria-labelledby={id} aria-describedby={`${id}h`} className="min-w-0 space-y-3 px-4 py-3.5">
      <div>
        <p id={id} className="font-medium">
          {t("set.exportFolders")}
        </p>
        <p id={`${id}h`} className="text-[0.8125rem] text-muted-foreground">
          {t("set.exportFoldersHint")}
        </p>
      </div>
      <ul className="space-y-2 empty:hidden">
        {Object.entries(value).map(([path, layout]) => (
          <li key={path} className="flex flex-wrap items-center gap-2">
            <span dir="auto" className="min-w-0 flex-1 basis-32 text-left wrap-anywhere">
              {inWords(path)}
            </span>
            <Select<Layout>
              label={t("set.exportLayoutOf", { v: inWords(path) })}
              className="w-44"
              value={layout}
              onChange={(chosen) => onChange({ ...value, [path]: chosen })}
              items={layoutItems(t)}
            />
            <Button
              type="button"
              variant="ghost"
              size="icon"
              aria-label={`${t("set.remove")}: ${inWords(path)}`}
              onClick={() => onChange(Object.fromEntries(Object.entries(value).filter(([other]) => other !== path)))}
            >
              <Trash2 />
            </Button>
          </li>
        ))}
      </ul>
      <NewLayout value={value} onChange={onChange} />
    </fieldset>
  );
}

/** Adds a folder. Folders with a layout are not offered again. */
function NewLayout({ value, onChange }: Props) {
  const { t } = useI18n();
  const { data: folders } = useQuery(foldersQuery);
  const [chosen, setChosen] = useState<string>();
  const [layout, setLayout] = useState<Layout>("show");
  const used = new Set(Object.keys(value).map((path) => path.toLowerCase()));
  const free = folders?.map(({ path }) => path).filter((path) => !used.has(path.toLowerCase())) ?? [];
  const folder = chosen !== undefined && free.includes(chosen) ? chosen : free[0];
  if (folders?.length === 0 && used.size === 0)
    return <p className="text-[0.8125rem] text-muted-foreground">{t("set.exportNoFolders")}</p>;
  if (folder === undefined || used.size >= MOST) return null;
  function add(event: FormEvent) {
    event.preventDefault();
    if (folder !== undefined) onChange({ ...value, [folder]: layout });
  }
  return (
    <form onSubmit={add} className="flex flex-wrap items-center gap-2">
      <Select
        label={t("set.exportFolder")}
        className="min-w-0 max-w-full flex-1 basis-32"
        value={folder}
        onChange={setChosen}
        items={free.map((path) => ({ value: path, label: inWords(path) }))}
      />
      <Select<Layout>
        label={t("set.exportFolderLayout")}
        className="w-32"
        value={layout}
        onChange={setLayout}
        items={layoutItems(t)}
      />
      <Button type="submit" variant="secondary">
        <Plus />
        {t("set.exportAdd")}
      </Button>
    </form>
  );
}

const inWords = (path: string) => path.replaceAll("/", " / ");
