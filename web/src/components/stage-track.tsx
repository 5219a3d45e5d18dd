/** One bar in five segments: the eye reads both how far and where. */
import type { Download } from "@/api/types";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";

export type Step = "probe" | "download" | "convert" | "hash" | "place";
export type Tracked = Pick<Download, "state" | "stage" | "progress" | "converting">;

/** Of the server's stage `store`, the pass that copies and hashes is this part; the rest puts it in its place. */
const HASHED = 0.9;
const STEPS: { step: Step; weight: number; bar: string; text: string }[] = [
  { step: "probe", weight: 6, bar: "bg-probe", text: "text-probe" },
  { step: "download", weight: 54, bar: "bg-download", text: "text-primary-text" },
  { step: "convert", weight: 22, bar: "bg-transcode", text: "text-transcode" },
  { step: "hash", weight: 9, bar: "bg-hash", text: "text-hash" },
  { step: "place", weight: 9, bar: "bg-store", text: "text-store" },
];

/** The steps of this download: who need not convert has no segment for it. */
export const stepsOf = (download: Tracked) =>
  STEPS.filter(({ step }) => step !== "convert" || download.converting || download.stage === "convert");

/** The progress: the step, and how much of that step is done (0 to 1). */
export function at({ stage, progress }: Tracked): { step: Step; done: number } | null {
  const done = Math.min(1, Math.max(0, progress));
  if (stage === "extract") return { step: "probe", done };
  if (stage === "download" || stage === "convert") return { step: stage, done };
  if (stage !== "store") return null;
  return done < HASHED
    ? { step: "hash", done: done / HASHED }
    : { step: "place", done: (done - HASHED) / (1 - HASHED) };
}

/** How far all in all, 0 to 1. */
export function overall(download: Tracked): number {
  if (download.state === "done") return 1;
  const here = at(download);
  if (!here) return 0;
  const steps = stepsOf(download);
  const index = steps.findIndex(({ step }) => step === here.step);
  const sum = (part: typeof steps) => part.reduce((total, { weight }) => total + weight, 0);
  return (sum(steps.slice(0, index)) + (steps[index]?.weight ?? 0) * here.done) / sum(steps);
}

export const colourOf = (step: Step) => STEPS.find((each) => each.step === step)?.text ?? "";

type Props = { download: Tracked; label: string; className?: string };

export function StageTrack({ download, label, className }: Props) {
  const { t } = useI18n();
  const steps = stepsOf(download);
  const here = at(download);
  const index = steps.findIndex(({ step }) => step === here?.step);
  const moving = download.state === "running";
  const percent = Math.round(overall(download) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={here ? `${t(`step.${here.step}`)}, ${percent}%` : `${percent}%`}
      className={cn("flex h-1.5 gap-[3px]", className)}
    >
      {steps.map(({ step, weight, bar }, i) => {
        const done = download.state === "done" || i < index ? 1 : i === index ? (here?.done ?? 0) : 0;
        return (
          <span
            key={step}
            style={{ flexGrow: weight }}
            className="relative basis-0 overflow-hidden rounded-full bg-input"
          >
            <span
              style={{ clipPath: `inset(0 ${100 - 100 * done}% 0 0 round 99px)` }}
              className={cn(
                "absolute inset-0 transition-[clip-path] duration-500 ease-linear",
                bar,
                i < index && "opacity-70",
                i === index && moving && "stripes animate-stripe",
                !moving && "opacity-40",
              )}
            />
          </span>
        );
      })}
    </div>
  );
}
