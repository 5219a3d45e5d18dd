import { useCallback, useRef, useState } from "react";
import { useLatest } from "@/lib/latest";

/** Which items are selected. With shift everything between the last one touched and this one. */
export function useSelection(ids: readonly number[]) {
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const anchor = useRef(0);
  const latest = useLatest(ids);

  const toggle = useCallback(
    (index: number, range: boolean) => {
      const id = latest.current[index];
      const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
      const between = latest.current.slice(from, to + 1);
      if (!range) anchor.current = index;
      if (id === undefined) return;
      setSelected((before) => {
        const after = new Set(before);
        if (range) for (const each of between) after.add(each);
        else if (!after.delete(id)) after.add(id);
        return after;
      });
    },
    [latest],
  );
  return {
    selected,
    toggle,
    clear: useCallback(() => setSelected(new Set()), []),
    all: useCallback(() => setSelected(new Set(latest.current)), [latest]),
    setAnchor: useCallback((index: number) => {
      anchor.current = index;
    }, []),
  };
}
