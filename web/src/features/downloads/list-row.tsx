import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import type { Download } from "@/api/types";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";
import { Row } from "./row";
import { nameOf } from "./states";

const MOST = 60; // segments that can still be told apart

/** A list as one row, which opens to its entries. */
export function ListRow({ list, entries }: { list: Download; entries: Download[] }) {
  const { t } = useI18n();
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Row
        download={list}
        before={
          <button
            type="button"
            aria-expanded={open}
            aria-controls={id}
            aria-label={`${t("job.showEntries")}: ${nameOf(list)}`}
            onClick={() => setOpen(!open)}
            className="-m-1 grid size-8 shrink-0 place-items-center rounded-md text-muted-foreground hover:bg-accent hover:text-foreground"
          >
            <ChevronRight className={cn("size-4 transition-transform", open && "rotate-90")} />
          </button>
        }
        track={<ListTrack list={list} />}
      />
      <li id={id} hidden={!open} className="bg-muted/30">
        {open && (
          <ul aria-label={nameOf(list)} className="divide-y">
            {entries.map((entry) => (
              <Row key={entry.id} download={entry} className="sm:pl-12" />
            ))}
          </ul>
        )}
      </li>
    </>
  );
}

/** One segment for each entry; a text next to them says the same. */
function ListTrack({ list }: { list: Download }) {
  const { total = 0, done = 0, failed = 0 } = list.children ?? {};
  if (!total) return null;
  const parts =
    total > MOST
      ? [
          { key: "done", weight: done, colour: "bg-download" },
          { key: "failed", weight: failed, colour: "bg-destructive" },
          { key: "left", weight: total - done - failed, colour: "bg-input" },
        ].filter(({ weight }) => weight > 0)
      : Array.from({ length: total }, (_, i) => ({
          key: String(i),
          weight: 1,
          colour: i < done ? "bg-download" : i < done + failed ? "bg-destructive" : "bg-input",
        }));
  return (
    <div aria-hidden className="my-2 flex h-1.5 gap-[3px]">
      {parts.map(({ key, weight, colour }) => (
        <span key={key} className={cn("rounded-full", colour)} style={{ flexGrow: weight }} />
      ))}
    </div>
  );
}
