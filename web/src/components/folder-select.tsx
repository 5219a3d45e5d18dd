import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { foldersQuery } from "@/api/queries";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useI18n } from "@/i18n";

const TOP = "/"; // no folder has this path, so it can stand for the top
const NEW = "//";

/** Chooses a folder by its path ("" is the top); one that is not there yet can be typed. */
export function FolderSelect({ value, onChange }: { value: string; onChange: (path: string) => void }) {
  const { t } = useI18n();
  const folders = useQuery(foldersQuery).data ?? [];
  const [typing, setTyping] = useState(false);
  if (typing)
    return (
      <Input
        autoFocus
        aria-label={t("lib.newFolder")}
        placeholder={t("add.newFolder")}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setTyping(false);
          onChange("");
        }}
        className="w-44"
      />
    );
  const paths = folders.map((folder) => folder.path);
  if (value && !paths.includes(value)) paths.unshift(value);
  return (
    <Select
      label={t("add.folder")}
      className="max-w-52"
      value={value || TOP}
      onChange={(chosen) => {
        setTyping(chosen === NEW);
        onChange(chosen === NEW || chosen === TOP ? "" : chosen);
      }}
      items={[
        { value: TOP, label: t("lib.top") },
        ...paths.map((path) => ({ value: path, label: path.replaceAll("/", " / ") })),
        { value: NEW, label: t("add.newFolder") },
      ]}
    />
  );
}
