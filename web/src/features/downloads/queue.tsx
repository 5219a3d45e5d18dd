import { useMutation } from "@tanstack/react-query";
import { type DragEvent, type ReactNode, useState } from "react";
import type { Download } from "@/api/types";
import { cn } from "@/lib/utils";
import { orderDownloads } from "./mutations";
import { Row } from "./row";

const DRAGGED = "application/x-mediafetcher-download";

/** Queued downloads in their order. They are dragged, or moved by the menu of each. */
export function Queue({ downloads, shown }: { downloads: Download[]; shown?: number }): ReactNode {
  const order = useMutation(orderDownloads);
  const [over, setOver] = useState<number>();
  const move = (from: number, to: number) => {
    const ids = downloads.map(({ id }) => id);
    const [moved] = ids.splice(from, 1);
    if (moved === undefined) return;
    ids.splice(to, 0, moved);
    order.mutate(ids);
  };
  const drop = (event: DragEvent, to: number) => {
    event.preventDefault();
    setOver(undefined);
    const id = Number(event.dataTransfer.getData(DRAGGED));
    move(
      downloads.findIndex((each) => each.id === id),
      to,
    );
  };
  return downloads.slice(0, shown).map((download, i) => (
    <Row
      key={download.id}
      download={download}
      shift={{
        first: i > 0 ? () => move(i, 0) : undefined,
        up: i > 0 ? () => move(i, i - 1) : undefined,
        down: i < downloads.length - 1 ? () => move(i, i + 1) : undefined,
      }}
      draggable
      onDragStart={(event) => event.dataTransfer.setData(DRAGGED, String(download.id))}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED)) return;
        event.preventDefault();
        setOver(download.id);
      }}
      onDragLeave={() => setOver(undefined)}
      onDrop={(event) => drop(event, i)}
      className={cn(over === download.id && "bg-primary/10 ring-1 ring-inset ring-primary")}
    />
  ));
}
