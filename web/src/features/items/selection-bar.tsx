import { CheckCheck, Download, Eye, EyeOff, FolderInput, FolderSymlink, Trash2, X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import type { ItemVerb } from "./cell";

const VERBS = [
  ["move", "lib.move", FolderInput],
  ["copy", "lib.copy", FolderSymlink],
  ["save", "lib.download", Download],
] as const;

type Props = {
  count: number;
  /** All of them are watched. */
  watched: boolean;
  onVerb: (verb: ItemVerb) => void;
  onAll: () => void;
  onClear: () => void;
};

export function SelectionBar({ count, watched, onVerb, onAll, onClear }: Props) {
  const { t } = useI18n();
  return (
    <div
      role="toolbar"
      aria-label={t("lib.selected", { n: count })}
      className="absolute inset-x-0 bottom-4 z-30 mx-auto flex w-fit max-w-[calc(100%-1.5rem)] animate-rise items-center gap-1 rounded-xl border bg-popover p-1.5 shadow-2xl"
    >
      <span className="num whitespace-nowrap px-2.5 font-medium">{t("lib.selected", { n: count })}</span>
      <span className="h-5 w-px bg-border" />
      <Button variant="ghost" size="sm" onClick={onAll}>
        <CheckCheck />
        <span className="max-lg:sr-only">{t("lib.selectAll")}</span>
      </Button>
      {VERBS.map(([verb, label, Icon]) => (
        <Button key={verb} variant="ghost" size="sm" onClick={() => onVerb(verb)}>
          <Icon />
          <span className="max-lg:sr-only">{t(label)}</span>
        </Button>
      ))}
      <Button variant="ghost" size="sm" onClick={() => onVerb(watched ? "unwatched" : "watched")}>
        {watched ? <EyeOff /> : <Eye />}
        <span className="max-lg:sr-only">{t(watched ? "lib.markUnwatched" : "lib.markWatched")}</span>
      </Button>
      <Button
        variant="ghost"
        size="sm"
        className="text-destructive hover:text-destructive"
        onClick={() => onVerb("trash")}
      >
        <Trash2 />
        <span className="max-lg:sr-only">{t("lib.delete")}</span>
      </Button>
      <span className="h-5 w-px bg-border" />
      <Button variant="ghost" size="icon-sm" aria-label={t("lib.clear")} onClick={onClear}>
        <X />
      </Button>
    </div>
  );
}
