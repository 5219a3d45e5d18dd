/** Search over everything, by Ctrl+K: items, folders, lists, pages and actions; a pasted link opens Add. */
import { Autocomplete } from "@base-ui/react/autocomplete";
import { useRouter } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { useI18n } from "@/i18n";
import { type Entry, type Group, useGroups } from "./entries";
import { marked } from "./match";

type Props = { pages: readonly Entry[]; onClose: () => void };

export function Palette({ pages, onClose }: Props) {
  const { t } = useI18n();
  const router = useRouter();
  const help = useId();
  const [typed, setTyped] = useState("");
  const current = useRef<Entry>(undefined);
  const { groups, searching } = useGroups(typed, pages);
  const count = groups.reduce((sum, { items }) => sum + items.length, 0);

  function open(entry: Entry, inNewTab: boolean) {
    if (entry.href && inNewTab) return void window.open(entry.href, "_blank", "noopener");
    onClose();
    if (entry.href) router.history.push(entry.href);
    else entry.run?.();
  }
  function press(event: KeyboardEvent) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !current.current) return;
    event.preventDefault();
    open(current.current, true);
  }
  return (
    <Dialog open onOpenChange={(stays) => !stays && onClose()}>
      <DialogContent
        close={false}
        aria-label={t("palette.title")}
        className="top-4 max-w-2xl translate-y-0 grid-rows-[auto_minmax(0,1fr)_auto] gap-0 overflow-hidden p-0 max-h-[calc(100dvh-2rem)] sm:top-[12dvh] sm:max-h-[76dvh]"
      >
        <Autocomplete.Root<Group>
          open
          inline
          mode="none"
          filter={null}
          items={groups}
          value={typed}
          onValueChange={(value, { reason }) => reason !== "item-press" && setTyped(value)}
          onItemHighlighted={(entry) => {
            current.current = entry as unknown as Entry | undefined; // the items of the groups
          }}
          autoHighlight="always"
          keepHighlight
        >
          <div className="flex items-center gap-3 border-b px-4">
            <Search aria-hidden className="size-5 shrink-0 text-muted-foreground" />
            <Autocomplete.Input
              aria-label={t("palette.title")}
              aria-describedby={help}
              placeholder={t("palette.hint")}
              spellCheck={false}
              onKeyDown={press}
              className="h-14 min-w-0 flex-1 bg-transparent text-base outline-none placeholder:text-muted-foreground"
            />
            <Kbd aria-hidden className="max-sm:hidden">
              Esc
            </Kbd>
          </div>
          <div className="overflow-y-auto overscroll-contain p-2">
            <Autocomplete.Status className="sr-only">
              {searching ? t("app.loading") : t("palette.count", { n: count })}
            </Autocomplete.Status>
            {count === 0 && !searching && (
              <p className="px-3 py-10 text-center text-muted-foreground">{t("lib.noneTitle", { q: typed.trim() })}</p>
            )}
            <Autocomplete.List>
              {(group: Group) => (
                <Autocomplete.Group key={group.label} items={group.items} className="mb-1.5">
                  <Autocomplete.GroupLabel className="px-3 pb-1 pt-2 text-2xs font-medium uppercase tracking-wider text-muted-foreground">
                    {t(group.label)}
                  </Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(entry: Entry) => (
                      <Autocomplete.Item
                        key={entry.id}
                        value={entry}
                        onClick={(event) => open(entry, event.ctrlKey || event.metaKey)}
                        onAuxClick={(event) => event.button === 1 && open(entry, true)}
                        className="flex min-h-11 cursor-pointer select-none items-center gap-3 rounded-md px-3 py-1.5 outline-none data-highlighted:bg-accent"
                      >
                        <Line entry={entry} typed={typed} />
                      </Autocomplete.Item>
                    )}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
          </div>
          <p
            id={help}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t px-4 py-2.5 text-xs text-muted-foreground"
          >
            <span className="max-sm:hidden">
              <Kbd>↑</Kbd> <Kbd>↓</Kbd> {t("palette.move")}
            </span>
            <span className="max-sm:hidden">
              <Kbd>↵</Kbd> {t("palette.open")}
            </span>
            <span className="max-sm:hidden">
              <Kbd>{t("palette.ctrl")}</Kbd> <Kbd>↵</Kbd> {t("palette.newTab")}
            </span>
            <span className="sm:ml-auto">{t("palette.paste")}</span>
          </p>
        </Autocomplete.Root>
      </DialogContent>
    </Dialog>
  );
}

function Line({ entry, typed }: { entry: Entry; typed: string }) {
  return (
    <>
      <span className="grid w-11 shrink-0 place-items-center text-muted-foreground [&_svg]:size-4">
        {entry.picture}
      </span>
      <span dir="auto" className="min-w-0 truncate font-medium">
        <Marked text={entry.label} typed={typed} />
      </span>
      {entry.about && <span className="min-w-0 flex-1 truncate text-xs text-muted-foreground">{entry.about}</span>}
    </>
  );
}

function Marked({ text, typed }: { text: string; typed: string }) {
  return marked(text, typed).map((part, at) =>
    at % 2 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other name
      <mark key={at} className="bg-transparent text-primary-text">
        {part}
      </mark>
    ) : (
      part
    ),
  );
}
