import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

export function Badge({
  className,
  tone = "muted",
  ...p
}: ComponentProps<"span"> & { tone?: "muted" | "ok" | "warn" | "bad" | "primary" }) {
  const tones = {
    muted: "bg-muted text-muted-foreground",
    ok: "bg-ok/12 text-ok",
    warn: "bg-warn/12 text-warn",
    bad: "bg-destructive/12 text-destructive",
    primary: "bg-primary/12 text-primary-text",
  };
  return (
    <span
      className={cn(
        "inline-flex h-5 items-center gap-1 whitespace-nowrap rounded-full px-2 text-2xs font-medium",
        tones[tone],
        className,
      )}
      {...p}
    />
  );
}
