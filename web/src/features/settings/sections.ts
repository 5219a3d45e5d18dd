/** The sections of the settings: their addresses, who sees them, and where links of older versions lead. */
import {
  Bell,
  Cookie,
  FolderOutput,
  Gauge,
  Globe,
  HardDrive,
  History,
  Info,
  KeyRound,
  LockKeyhole,
  type LucideIcon,
  MonitorSmartphone,
  Puzzle,
  SlidersHorizontal,
  Smartphone,
  Sparkles,
  Trash2,
  Users,
} from "lucide-react";
import type { Key, T } from "@/i18n";

export type Section = {
  name: string;
  icon: LucideIcon;
  /** Absent for yt-dlp, whose name is the same in every language. */
  label?: Key;
  /** Only administrators see it. */
  admin?: boolean;
};

export const GROUPS: readonly { label: Key; sections: readonly Section[] }[] = [
  {
    label: "set.you",
    sections: [
      { name: "general", icon: SlidersHorizontal, label: "set.general" },
      { name: "account", icon: LockKeyhole, label: "set.account" },
      { name: "sessions", icon: MonitorSmartphone, label: "set.sessions" },
      { name: "tokens", icon: KeyRound, label: "set.tokens" },
      { name: "devices", icon: Puzzle, label: "set.devices" },
      { name: "phone", icon: Smartphone, label: "set.phone" },
      { name: "cookies", icon: Cookie, label: "set.cookies" },
      { name: "sites", icon: Globe, label: "set.sites" },
      { name: "notifications", icon: Bell, label: "set.notifications" },
    ],
  },
  {
    label: "set.thisServer",
    sections: [
      { name: "people", icon: Users, label: "set.people", admin: true },
      { name: "limits", icon: Gauge, label: "set.limits", admin: true },
      { name: "ytdlp", icon: Sparkles, admin: true },
      { name: "trash", icon: Trash2, label: "nav.trash" },
      { name: "storage", icon: HardDrive, label: "set.storage" },
      { name: "trail", icon: History, label: "set.trail", admin: true },
      { name: "export", icon: FolderOutput, label: "set.export" },
      { name: "about", icon: Info, label: "set.about" },
    ],
  },
];

export const FIRST = "general";

/** Anchors of the former single page that are not the name of a section. */
const FORMER: Record<string, string> = { machines: "limits" };

export const titleOf = ({ label }: Section, t: T) => (label ? t(label) : "yt-dlp");

/** Returns: the groups with the sections that this user may open. */
export const visibleGroups = (admin: boolean) =>
  GROUPS.map((group) => ({ ...group, sections: group.sections.filter((each) => admin || !each.admin) }));

export const findSection = (name: string, admin: boolean) =>
  visibleGroups(admin)
    .flatMap(({ sections }) => sections)
    .find((each) => each.name === name);

/** Returns: the section that an anchor of the former single page named, or undefined. */
export function sectionOfAnchor(hash: string): string | undefined {
  const name = FORMER[hash] ?? hash;
  return findSection(name, true)?.name;
}
