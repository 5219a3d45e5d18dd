import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

export const Kbd = ({ className, ...p }: ComponentProps<"kbd">) => (
  <kbd
    {...p}
    className={cn(
      "inline-grid h-5 min-w-5 place-items-center rounded border bg-muted px-1 font-sans text-2xs text-muted-foreground",
      className,
    )}
  />
);
