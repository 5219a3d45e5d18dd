import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup as TG } from "@base-ui/react/toggle-group";
import type { ReactNode } from "react";
import { cn } from "@/lib/utils";

export function Segmented<V extends string>({
  value,
  onChange,
  items,
  label,
  className,
}: {
  value: V;
  onChange: (v: V) => void;
  items: { value: V; label: string; icon?: ReactNode }[];
  label: string;
  className?: string;
}) {
  return (
    <TG
      aria-label={label}
      value={[value]}
      onValueChange={(v) => v[0] && onChange(v[0] as V)}
      className={cn("inline-flex rounded-md border border-input p-0.5", className)}
    >
      {items.map((i) => (
        <Toggle
          key={i.value}
          value={i.value}
          aria-label={i.icon ? i.label : undefined}
          className="inline-flex h-7.5 items-center gap-1.5 rounded-[0.3125rem] px-2.5 text-[0.8125rem] text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring data-pressed:bg-accent data-pressed:text-foreground [&_svg]:size-4"
        >
          {i.icon ?? i.label}
        </Toggle>
      ))}
    </TG>
  );
}
