import { cn } from "@/lib/utils";

/** The first letter of a name on its tint: the same name always has the same colour. */
export function Avatar({ name, className }: { name: string; className?: string }) {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  return (
    <span
      aria-hidden
      className={cn("grid shrink-0 place-items-center rounded-full font-semibold text-white", className)}
      style={{ background: `linear-gradient(145deg, oklch(0.48 0.09 ${hue}), oklch(0.32 0.07 ${(hue + 50) % 360}))` }}
    >
      {name.match(/[\p{L}\p{N}]/u)?.[0].toUpperCase() ?? "?"}
    </span>
  );
}
