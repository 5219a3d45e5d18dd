import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { useI18n } from "@/i18n";

const SECONDS = 8; // to stay, before the next one begins

type Props = { media: HTMLMediaElement | null; title?: string; next?: () => void };

/** After the end: what comes next, by itself unless somebody says no. One of these belongs to one item. */
export function Ended({ media, title, next }: Props) {
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
  return (
    <div role="status" className="absolute inset-0 grid place-items-center bg-black/80 p-6 text-center text-white">
      <div className="max-w-md">
        <p className="text-[0.8125rem] text-white/75">{t("play.nextIn", { n: left })}</p>
        <p className="mt-1 line-clamp-2 font-medium">{title}</p>
        <p className="mt-4 flex justify-center gap-2">
          <Button onClick={next}>
            <Play />
            {t("play.playNow")}
          </Button>
          <Button
            variant="outline"
            className="border-white/40 text-white hover:bg-white/15"
            onClick={() => setLeft(undefined)}
          >
            {t("common.cancel")}
          </Button>
        </p>
      </div>
    </div>
  );
}
