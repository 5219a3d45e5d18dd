import { Switch as Sw } from "@base-ui/react/switch";
import { cn } from "@/lib/utils";

export const Switch = ({ className, ...p }: Sw.Root.Props) => (
  <Sw.Root
    className={cn(
      "inline-flex h-[1.375rem] w-10 shrink-0 items-center rounded-full bg-input p-0.5 outline-none transition-colors focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-offset-2 focus-visible:ring-offset-background data-checked:bg-primary",
      className as string,
    )}
    {...p}
  >
    <Sw.Thumb className="size-[1.125rem] rounded-full bg-white shadow-sm transition-transform data-checked:translate-x-[1.125rem] dark:data-checked:bg-primary-foreground" />
  </Sw.Root>
);
