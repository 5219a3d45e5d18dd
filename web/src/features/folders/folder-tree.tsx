import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FolderPlus } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useEffect, useId, useRef, useState } from "react";
import { foldersQuery } from "@/api/queries";
import type { Folder } from "@/api/types";
import { placeOf, useMenu } from "@/components/menu-at";
import { Input } from "@/components/ui/input";
import { useI18n } from "@/i18n";
import { register } from "@/lib/load";
import { cn } from "@/lib/utils";
import { useFolderActions } from "./actions";
import { type Busy, choicesOf } from "./choices";
import { useDrop } from "./drop";
import { FolderRow } from "./folder-row";
import { above, isInside, rowsOf, type TreeRow } from "./rows";

// Dialogs are loaded when one is needed.
const Confirm = lazy(register(() => import("@/components/confirm")));
const FolderPicker = lazy(register(() => import("@/components/folder-picker")));

const FEW = 20; // so few are all shown at once

type Doing = { id: number; with: Busy };

/** The tree of folders; `current` is the path that is shown. */
export function FolderTree({ current, onPick }: { current?: string; onPick?: () => void }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const folders = useQuery(foldersQuery).data ?? [];
  const actions = useFolderActions();
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [busy, setBusy] = useState<Doing>();
  const [fresh, setFresh] = useState(false);
  const [focused, setFocused] = useState<number>();
  const tree = useRef<HTMLDivElement>(null);
  const heading = useId();
  const { ask, menu } = useMenu();
  // Dropped on the heading it goes to the top.
  const top = useDrop({
    onDropItems: (ids) => actions.moveItems(ids, ""),
    onDropFolder: (id) => {
      const dropped = folders.find((folder) => folder.id === id);
      if (dropped?.path.includes("/")) actions.move(dropped, "");
    },
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: when another folder is shown, not when the list reloads
  useEffect(() => {
    const few = folders.length <= FEW ? folders.map(({ id }) => id) : [];
    setOpen((before) => new Set([...before, ...few, ...above(folders, current)]));
  }, [current, folders.length]);

  const rows = rowsOf(folders, open);
  const subject = busy && folders.find(({ id }) => id === busy.id);
  const tabStop = rows.some(({ id }) => id === focused) ? focused : rows[0]?.id;

  const toggle = (id: number, on?: boolean) =>
    setOpen((before) => {
      const after = new Set(before);
      if (on ?? !before.has(id)) after.add(id);
      else after.delete(id);
      return after;
    });
  const show = (folder: Folder) => {
    setFocused(folder.id);
    void navigate({ to: "/library", search: { folder: folder.path } });
    onPick?.();
  };
  const focus = (row?: { id: number } | null) => {
    if (!row) return;
    setFocused(row.id);
    tree.current?.querySelector<HTMLElement>(`[data-folder="${row.id}"]`)?.focus();
  };
  const make = async (parent: Folder | undefined, name: string) => {
    setFresh(false);
    setBusy(undefined);
    if (!name) return;
    const made = await actions.make(parent?.path ?? "", name);
    if (made && parent) toggle(parent.id, true);
  };
  const remove = (row: Folder) => (row.total ? setBusy({ id: row.id, with: "remove" }) : actions.remove(row));
  function choose(what: Busy, row: TreeRow) {
    if (what === "remove") remove(row);
    else if (what === "share") void navigate({ to: "/shares", search: { of: row.id, title: row.name } });
    else setBusy({ id: row.id, with: what });
  }
  function key(event: KeyboardEvent, row: TreeRow) {
    const i = rows.findIndex(({ id }) => id === row.id);
    const act: Record<string, () => void> = {
      ArrowDown: () => focus(rows[i + 1]),
      ArrowUp: () => focus(rows[i - 1]),
      Home: () => focus(rows[0]),
      End: () => focus(rows.at(-1)),
      ArrowRight: () => (row.children && !open.has(row.id) ? toggle(row.id, true) : row.children && focus(rows[i + 1])),
      ArrowLeft: () =>
        row.children && open.has(row.id) ? toggle(row.id, false) : row.parent && focus({ id: row.parent }),
      Enter: () => show(row),
      F2: () => setBusy({ id: row.id, with: "rename" }),
      m: () => setBusy({ id: row.id, with: "move" }),
      Delete: () => remove(row),
    };
    const run = act[event.key];
    if (!run || busy) return;
    event.preventDefault();
    run();
  }
  return (
    <div>
      <div
        {...top.handlers}
        data-folder="top"
        className={cn(
          "flex h-8 items-center justify-between rounded-md pl-2.5 pr-1",
          top.over && "bg-primary/15 ring-1 ring-inset ring-primary",
        )}
      >
        <h2 className="eyebrow" id={heading}>
          {t("lib.folders")}
        </h2>
        <button
          type="button"
          onClick={() => setFresh(true)}
          aria-label={t("lib.newFolder")}
          className="grid size-7 place-items-center rounded-md text-muted-foreground hover:bg-accent hover:text-foreground"
        >
          <FolderPlus className="size-4" />
        </button>
      </div>
      {fresh && <NameInput label={t("lib.newFolder")} onDone={(name) => void make(undefined, name)} />}
      {rows.length > 0 ? (
        <div role="tree" aria-labelledby={heading} ref={tree} className="space-y-px">
          {rows.map((row) => (
            <FolderRow
              key={row.id}
              row={row}
              current={current === row.path}
              open={open.has(row.id)}
              tabStop={tabStop === row.id}
              onShow={() => show(row)}
              onToggle={() => toggle(row.id)}
              onFocus={() => setFocused(row.id)}
              onKey={(event) => key(event, row)}
              onDropItems={(ids) => actions.moveItems(ids, row.path)}
              onDropFolder={(id) => {
                const dropped = folders.find((folder) => folder.id === id);
                if (dropped && !isInside(row.path, dropped.path)) actions.move(dropped, row.path);
              }}
              onMenu={(event) => {
                event.preventDefault();
                ask(
                  placeOf(event),
                  choicesOf(t, (what) => choose(what, row)),
                );
              }}
              editing={
                busy?.id === row.id && busy.with === "rename" ? (
                  <NameInput
                    label={t("lib.rename")}
                    name={row.name}
                    onDone={(name) => {
                      setBusy(undefined);
                      if (name) actions.rename(row, name);
                    }}
                  />
                ) : undefined
              }
            />
          ))}
        </div>
      ) : (
        !fresh && <p className="px-2.5 py-1 text-xs text-muted-foreground">{t("folder.none")}</p>
      )}
      {subject && busy?.with === "child" && (
        <NameInput label={`${subject.path} /`} onDone={(name) => void make(subject, name)} />
      )}
      {menu}
      <Suspense>
        {subject && busy?.with === "move" && (
          <FolderPicker
            title={t("lib.move")}
            onClose={() => setBusy(undefined)}
            without={(path) => isInside(path, subject.path)}
            onPick={(path) => {
              setBusy(undefined);
              actions.move(subject, path);
            }}
          />
        )}
        {subject && busy?.with === "remove" && (
          <Confirm
            title={t("folder.removeTitle", { f: subject.name })}
            body={t("folder.removeBody", { n: subject.total })}
            action={t("folder.remove")}
            onClose={() => setBusy(undefined)}
            onYes={() => actions.remove(subject)}
          />
        )}
      </Suspense>
    </div>
  );
}

/** Asks for a name; Enter or leaving keeps it, Escape answers "". */
function NameInput({ label, name = "", onDone }: { label: string; name?: string; onDone: (name: string) => void }) {
  const left = useRef(false);
  const done = (value: string) => {
    if (left.current) return; // leaving follows Enter and Escape
    left.current = true;
    onDone(value.trim());
  };
  return (
    <Input
      autoFocus
      aria-label={label}
      placeholder={label}
      defaultValue={name}
      onFocus={(event) => event.target.select()}
      onClick={(event) => event.stopPropagation()}
      onBlur={(event) => done(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") done(event.currentTarget.value);
        if (event.key === "Escape") done("");
      }}
      className="h-7 px-1.5 text-[0.8125rem]"
    />
  );
}
