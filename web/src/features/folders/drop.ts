import { type DragEvent, useState } from "react";
import { DRAGGED_ITEMS } from "@/components/move-items";

/** The name under which a folder is dragged: its id. */
export const DRAGGED_FOLDER = "application/x-mediafetcher-folder";

type On = { onDropItems: (ids: number[]) => void; onDropFolder: (id: number) => void };

/** Takes items and folders that are dropped here. `over`: something hovers that would be taken. */
export function useDrop({ onDropItems, onDropFolder }: On) {
  const [over, setOver] = useState(false);
  const handlers = {
    onDragOver: (event: DragEvent) => {
      if (![DRAGGED_ITEMS, DRAGGED_FOLDER].some((kind) => event.dataTransfer.types.includes(kind))) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const items = event.dataTransfer.getData(DRAGGED_ITEMS);
      const folder = event.dataTransfer.getData(DRAGGED_FOLDER);
      if (items) onDropItems(JSON.parse(items));
      else if (folder) onDropFolder(Number(folder));
    },
  };
  return { over, handlers };
}
