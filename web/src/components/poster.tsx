import { Film, Music } from "lucide-react";
import { memo } from "react";
import { clock } from "@/lib/format";
import { cn } from "@/lib/utils";

type Props = {
  /** null: there is none, a tinted placeholder stands in. */
  src: string | null;
  /** The seed of the tint: the same item always has the same colour. */
  seed: number;
  audio?: boolean;
  duration?: number | null;
  className?: string;
  dim?: boolean;
  children?: React.ReactNode;
};

export const Poster = memo(function Poster({ src, seed, audio, duration, className, dim, children }: Props) {
  const Icon = audio ? Music : Film;
  return (
    <div className={cn("relative aspect-video overflow-hidden rounded-lg bg-muted", className)}>
      <span
        aria-hidden
        className={cn("absolute inset-0 grid place-items-center", dim && "opacity-60")}
        style={{ background: tint(seed) }}
      >
        <Icon className="size-1/5 max-h-8 text-white/60" />
      </span>
      {src && (
        <img
          key={src}
          src={src}
          alt=""
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={(event) => {
            event.currentTarget.hidden = true; // the tint below shows; taking it out is React's to do
          }}
          className={cn("relative size-full object-cover", dim && "opacity-60 saturate-50")}
        />
      )}
      <span className="pointer-events-none absolute inset-0 rounded-[inherit] ring-1 ring-inset ring-white/8" />
      {duration != null && (
        <span className="num absolute bottom-1 right-1 flex items-center gap-1 rounded bg-black/75 px-1.5 py-0.5 text-2xs font-medium leading-none text-white">
          {audio && <Music className="size-3" />}
          {clock(duration)}
        </span>
      )}
      {children}
    </div>
  );
});

/** The golden angle spreads neighbouring numbers over the circle of hues. */
function tint(seed: number): string {
  const hue = (seed * 137.5) % 360;
  return `linear-gradient(145deg, oklch(0.42 0.07 ${hue}), oklch(0.27 0.05 ${(hue + 50) % 360}))`;
}
