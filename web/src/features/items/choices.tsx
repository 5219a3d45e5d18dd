import {
  Download,
  ExternalLink,
  Eye,
  EyeOff,
  FolderInput,
  FolderSymlink,
  Pencil,
  Play,
  Share2,
  SquareCheck,
  Trash2,
} from "lucide-react";
import type { Item } from "@/api/types";
import type { Choice } from "@/components/menu-at";
import type { T } from "@/i18n";
import type { ItemVerb } from "./cell";

/** The keys of the grid, as its menu and the list of shortcuts write them. */
export const KEY_OF = { open: "↵", select: "X", rename: "F2", move: "M", copy: "C", save: "D", trash: "Del" } as const;

/** The menu of an item. */
export function choicesOf(item: Item, t: T, onVerb: (verb: ItemVerb) => void, onSelect: () => void): Choice[] {
  const source = item.source_url?.match(/^https?:/) ? item.source_url : null;
  return [
    { key: "open", label: t("lib.play"), icon: <Play />, shortcut: KEY_OF.open, run: () => onVerb("open") },
    { key: "select", label: t("lib.select"), icon: <SquareCheck />, shortcut: KEY_OF.select, run: onSelect },
    {
      key: "rename",
      label: t("lib.rename"),
      icon: <Pencil />,
      shortcut: KEY_OF.rename,
      apart: true,
      run: () => onVerb("rename"),
    },
    { key: "move", label: t("lib.move"), icon: <FolderInput />, shortcut: KEY_OF.move, run: () => onVerb("move") },
    { key: "copy", label: t("lib.copy"), icon: <FolderSymlink />, shortcut: KEY_OF.copy, run: () => onVerb("copy") },
    { key: "save", label: t("lib.download"), icon: <Download />, shortcut: KEY_OF.save, run: () => onVerb("save") },
    { key: "share", label: t("share.share"), icon: <Share2 />, run: () => onVerb("share") },
    {
      key: "watched",
      label: t(item.watched ? "lib.markUnwatched" : "lib.markWatched"),
      icon: item.watched ? <EyeOff /> : <Eye />,
      run: () => onVerb(item.watched ? "unwatched" : "watched"),
    },
    ...(source
      ? [
          {
            key: "source",
            label: t("play.source"),
            icon: <ExternalLink />,
            run: () => void window.open(source, "_blank", "noopener,noreferrer"),
          },
        ]
      : []),
    {
      key: "trash",
      label: t("lib.delete"),
      icon: <Trash2 />,
      shortcut: KEY_OF.trash,
      danger: true,
      apart: true,
      run: () => onVerb("trash"),
    },
  ];
}
