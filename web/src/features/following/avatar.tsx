import { cn } from "@/lib/utils";

/** A source as a circle with its first letter, always in the same colour. */
export function Avatar({ title, seed, className }: { title: string; seed: number; className?: string }) {
  const hue = (seed * 137.5 + 30) % 360;
  const letter = /[\p{L}\p{N}]/u.exec(title.replace(/^https?:\/\/(www\.)?/, ""))?.[0] ?? "#";
  return (
    <span
      aria-hidden
      className={cn(
        "grid size-10 shrink-0 place-items-center rounded-full font-semibold text-white uppercase",
        className,
      )}
      style={{ background: `linear-gradient(145deg, oklch(0.5 0.09 ${hue}), oklch(0.36 0.08 ${(hue + 40) % 360}))` }}
    >
      {letter}
    </span>
  );
}
