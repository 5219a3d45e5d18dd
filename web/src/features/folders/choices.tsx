import { FolderInput, FolderPlus, Pencil, Share2, Trash2 } from "lucide-react";
import type { Choice } from "@/components/menu-at";
import type { T } from "@/i18n";

export type Busy = "rename" | "child" | "move" | "share" | "remove";

/** The menu of a folder. */
export const choicesOf = (t: T, run: (what: Busy) => void): Choice[] => [
  { key: "rename", label: t("lib.rename"), icon: <Pencil />, shortcut: "F2", run: () => run("rename") },
  { key: "child", label: t("lib.newFolder"), icon: <FolderPlus />, run: () => run("child") },
  { key: "move", label: t("lib.move"), icon: <FolderInput />, shortcut: "M", run: () => run("move") },
  { key: "share", label: t("share.share"), icon: <Share2 />, run: () => run("share") },
  {
    key: "remove",
    label: t("folder.remove"),
    icon: <Trash2 />,
    shortcut: "Del",
    danger: true,
    apart: true,
    run: () => run("remove"),
  },
];
