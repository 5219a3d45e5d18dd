import { Play, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { cn } from "@/lib/utils";

const SECONDS = 8; // to stay, before the next one begins

/** `line`: there is space for one line; `phone`: on a phone only. */
type Props = { media: HTMLMediaElement | null; title?: string; next?: () => void; line?: boolean | "phone" };

/** After the end: the next item starts automatically unless the user cancels it. One of these belongs to one item. */
export function Ended({ media, title, next, line = false }: Props) {
  const { t } = useI18n();
  const [left, setLeft] = useState<number>();
  useEffect(() => {
    if (!media || !next) return;
    const ended = () => setLeft(SECONDS);
    const again = () => setLeft(undefined);
    media.addEventListener("ended", ended);
    for (const kind of ["play", "seeking", "emptied"]) media.addEventListener(kind, again);
    return () => {
      media.removeEventListener("ended", ended);
      for (const kind of ["play", "seeking", "emptied"]) media.removeEventListener(kind, again);
    };
  }, [media, next]);
  useEffect(() => {
    if (left === undefined) return;
    if (left <= 0) {
      setLeft(undefined);
      return next?.();
    }
    const wait = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(wait);
  }, [left, next]);
  if (left === undefined || !next) return null;
  const stop = () => setLeft(undefined);
  return (
    <div role="status" className="absolute inset-0 z-10 bg-black/90 text-white">
      {line && (
        <div className={cn("flex size-full items-center gap-2 pr-2 pl-4", line === "phone" && "md:hidden")}>
          <div className="min-w-0 flex-1">
            <Countdown left={left} />
            <p className="truncate text-[0.8125rem] font-medium">{title}</p>
          </div>
          <Button size="sm" onClick={next}>
            <Play />
            {t("play.playNow")}
          </Button>
          <Button variant="ghost" size="icon-sm" aria-label={t("common.cancel")} onClick={stop}>
            <X />
          </Button>
        </div>
      )}
      {line !== true && (
        <div className={cn("grid size-full place-items-center p-6 text-center", line && "max-md:hidden")}>
          <div className="max-w-md">
            <Countdown left={left} />
            <p className="mt-1 line-clamp-2 font-medium">{title}</p>
            <p className="mt-4 flex justify-center gap-2">
              <Button onClick={next}>
                <Play />
                {t("play.playNow")}
              </Button>
              <Button variant="outline" className="border-white/40 text-white hover:bg-white/15" onClick={stop}>
                {t("common.cancel")}
              </Button>
            </p>
          </div>
        </div>
      )}
    </div>
  );
}

/** Seconds are shown as they pass; a screen reader hears them once. */
function Countdown({ left }: { left: number }) {
  const { t } = useI18n();
  return (
    <p className="truncate text-[0.8125rem] text-white/75">
      <span className="sr-only">{t("play.nextIn", { n: SECONDS })}</span>
      <span aria-hidden>{t("play.nextIn", { n: left })}</span>
    </p>
  );
}
