/** Entries of the palette for the typed text. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Folder, ListVideo, Plus, Sun, Tv } from "lucide-react";
import type { ReactNode } from "react";
import { channelsQuery, foldersQuery, itemSearchQuery, sourceListsQuery } from "@/api/queries";
import { askToAdd } from "@/components/add-store";
import { isAudio, posterOf } from "@/components/media-card";
import { Poster } from "@/components/poster";
import { type Key, useI18n } from "@/i18n";
import { clock } from "@/lib/format";
import { onlyLinks } from "@/lib/links";
import { useSettled } from "@/lib/settled";
import { setTheme, useDark } from "@/lib/theme";
import { matches } from "./match";

export type Entry = {
  id: string;
  label: string;
  about?: string;
  picture: ReactNode;
  /** An address of the page; an entry without one has `run`. */
  href?: string;
  run?: () => void;
};
export type Group = { label: Key; items: Entry[] };

const PAUSE = 120; // ms without a key before the server is asked
const MOST = 6; // entries of one kind

/** Returns: the groups for what is typed, and whether the server is still being asked. */
export function useGroups(typed: string, pages: readonly Entry[]): { groups: Group[]; searching: boolean } {
  const words = typed.trim();
  const link = onlyLinks(words);
  const q = useSettled(words, PAUSE);
  const items = useItemEntries(link ? "" : q);
  const places = usePlaces();
  const actions = useActionEntries(words, link);
  const found = (entries: readonly Entry[]) =>
    entries.filter((entry) => matches(`${entry.label} ${entry.about ?? ""}`, words));
  const groups: Group[] = link
    ? [{ label: "palette.actions", items: actions }]
    : [
        { label: "palette.items", items: words ? items.entries : [] },
        { label: "palette.places", items: words ? found(places).slice(0, MOST) : [] },
        { label: "palette.pages", items: found(pages).slice(0, words ? MOST : pages.length) },
        { label: "palette.actions", items: found(actions) },
      ];
  return {
    groups: groups.filter((group) => group.items.length > 0),
    searching: !link && (q !== words || items.searching),
  };
}

function useItemEntries(q: string) {
  const search = useQuery(itemSearchQuery(q, MOST));
  const entries = (search.data?.items ?? []).map(
    (item): Entry => ({
      id: `item-${item.id}`,
      label: item.title,
      about: [item.channel?.name ?? item.uploader ?? item.site, item.duration !== null && clock(item.duration)]
        .filter(Boolean)
        .join(" · "),
      picture: <Poster src={posterOf(item)} seed={item.id} audio={isAudio(item)} className="w-11 rounded" />,
      href: `/watch/${item.id}`,
    }),
  );
  return { entries, searching: q !== "" && search.isFetching };
}

function usePlaces(): Entry[] {
  const { t } = useI18n();
  const folders = useQuery(foldersQuery).data ?? [];
  const lists = useQuery(sourceListsQuery).data ?? [];
  const channels = useInfiniteQuery(channelsQuery).data?.pages.flatMap((page) => page.channels) ?? [];
  return [
    ...channels.map((channel) => ({
      id: `channel-${channel.site}-${channel.id}`,
      label: channel.name,
      about: [t("places.channel"), channel.site, t("lib.count", { n: channel.items })].filter(Boolean).join(" · "),
      picture: <Tv />,
      href: `/channel/${encodeURIComponent(channel.id)}${channel.site ? `?${new URLSearchParams({ site: channel.site })}` : ""}`,
    })),
    ...folders.map((folder) => ({
      id: `folder-${folder.id}`,
      label: folder.path.replaceAll("/", " / "),
      about: `${t("palette.folder")} · ${t("lib.count", { n: folder.total })}`,
      picture: <Folder />,
      href: `/library?${new URLSearchParams({ folder: folder.path })}`,
    })),
    ...lists.map((list) => ({
      id: `list-${list.id}`,
      label: list.title,
      about: `${t("palette.list")} · ${list.site} · ${t("lib.count", { n: list.items })}`,
      picture: <ListVideo />,
      href: `/playlist/${list.id}`,
    })),
  ];
}

function useActionEntries(words: string, link: boolean): Entry[] {
  const { t } = useI18n();
  const dark = useDark();
  const add: Entry = {
    id: "add",
    label: link ? t("palette.addLink", { v: words }) : t("add.heading"),
    picture: <Plus />,
    run: () => askToAdd({ text: link ? words : "" }),
  };
  if (link) return [add];
  return [add, { id: "theme", label: t("app.theme"), picture: <Sun />, run: () => setTheme(dark ? "light" : "dark") }];
}
