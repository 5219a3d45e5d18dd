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

/** The menu of an item. */
export function choicesOf(item: Item, t: T, onVerb: (verb: ItemVerb) => void, onSelect: () => void): Choice[] {
  const source = item.source_url?.match(/^https?:/) ? item.source_url : null;
  return [
    { key: "open", label: t("lib.play"), icon: <Play />, shortcut: "↵", run: () => onVerb("open") },
    { key: "select", label: t("lib.select"), icon: <SquareCheck />, shortcut: "X", run: onSelect },
    {
      key: "rename",
      label: t("lib.rename"),
      icon: <Pencil />,
      shortcut: "F2",
      apart: true,
      run: () => onVerb("rename"),
    },
    { key: "move", label: t("lib.move"), icon: <FolderInput />, shortcut: "M", run: () => onVerb("move") },
    { key: "copy", label: t("lib.copy"), icon: <FolderSymlink />, shortcut: "C", run: () => onVerb("copy") },
    { key: "save", label: t("lib.download"), icon: <Download />, shortcut: "D", run: () => onVerb("save") },
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
      shortcut: "Del",
      danger: true,
      apart: true,
      run: () => onVerb("trash"),
    },
  ];
}
