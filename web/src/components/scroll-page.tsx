/** The box that a page scrolls in; it keeps its place. */
import { useMatch } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";
import { useScrollPlace } from "./scroll-place";

export function ScrollPage({ children }: { children: ReactNode }) {
  const path = useMatch({ strict: false, select: ({ pathname }) => pathname });
  return <Box key={path}>{children}</Box>; // another channel is another page
}

function Box({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useScrollPlace(box);
  return (
    <div ref={box} className="h-full overflow-y-auto">
      {children}
    </div>
  );
}
