import { type RefObject, useLayoutEffect, useRef } from "react";

/** Returns: a ref to the value of the last render that was shown, for callbacks whose identity must not change. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  }, [value]);
  return latest;
}
