import { useEffect, useState } from "react";

const SETTLE = 600; // ms without a change

/** The value as it was when it last rested. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const wait = setTimeout(() => setSettled(JSON.parse(text)), SETTLE);
    return () => clearTimeout(wait);
  }, [text]);
  return settled;
}
