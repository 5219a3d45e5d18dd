import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

export const Input = ({ className, ...p }: ComponentProps<"input">) => (
  <input
    className={cn(
      "h-9 w-full min-w-0 rounded-md border border-input bg-transparent px-3 text-sm outline-none placeholder:text-muted-foreground focus-visible:border-ring focus-visible:ring-2 focus-visible:ring-ring/40 disabled:cursor-not-allowed disabled:text-muted-foreground",
      className,
    )}
    {...p}
  />
);
