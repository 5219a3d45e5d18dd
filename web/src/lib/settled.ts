import { useEffect, useState } from "react";

/** The value as it was when it last rested for `pause` milliseconds. */
export function useSettled<T>(value: T, pause: number): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const wait = setTimeout(() => setSettled(JSON.parse(text)), pause);
    return () => clearTimeout(wait);
  }, [text, pause]);
  return settled;
}
