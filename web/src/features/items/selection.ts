import { useCallback, useRef, useState } from "react";

/** Which items are selected. With shift everything between the last one touched and this one. */
export function useSelection(ids: readonly number[]) {
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const anchor = useRef(0);
  const latest = useRef(ids);
  latest.current = ids;

  const toggle = useCallback((index: number, range: boolean) => {
    setSelected((before) => {
      const id = latest.current[index];
      if (id === undefined) return before;
      const after = new Set(before);
      if (range) {
        const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
        for (const each of latest.current.slice(from, to + 1)) after.add(each);
      } else if (!after.delete(id)) after.add(id);
      return after;
    });
    if (!range) anchor.current = index;
  }, []);
  return {
    selected,
    toggle,
    clear: useCallback(() => setSelected(new Set()), []),
    all: useCallback(() => setSelected(new Set(latest.current)), []),
    setAnchor: useCallback((index: number) => {
      anchor.current = index;
    }, []),
  };
}
