/** Notes over the picture: where it resumed, and why it cannot be played. */
import { CircleAlert, Download, History } from "lucide-react";
import { useEffect } from "react";
import type { Item } from "@/api/types";
import { buttonVariants } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { clock } from "@/lib/format";

export type Trouble = "error" | "no-picture";

const STAYS = 12_000; // ms

export function Unplayable({ item, trouble }: { item: Item; trouble: Trouble }) {
  const { t } = useI18n();
  return (
    <div role="alert" className="absolute inset-0 grid place-items-center bg-black/85 p-6 text-center text-white">
      <div className="max-w-md">
        <CircleAlert className="mx-auto mb-3 size-8 text-[oklch(0.82_0.13_85)]" />
        <p className="font-medium">{t(trouble === "error" ? "play.cannot" : "play.noPicture")}</p>
        <p className="mt-1 text-pretty text-sm text-white/75">
          {t("play.cannotHint", {
            f: [item.media.kind, item.media.video_codec, item.media.audio_codec].filter(Boolean).join(" · "),
          })}
        </p>
        <a className={buttonVariants({ className: "mt-4" })} href={`/media/${item.id}?download=1`} download>
          <Download />
          {t("lib.download")}
        </a>
      </div>
    </div>
  );
}

type Props = { at: number; media: HTMLVideoElement | null; forget: () => void };

export function Resumed({ at, media, forget }: Props) {
  const { t } = useI18n();
  useEffect(() => {
    const hide = setTimeout(forget, STAYS);
    return () => clearTimeout(hide);
  });
  return (
    <div
      role="status"
      className="absolute left-3 top-3 flex animate-rise items-center gap-2 rounded-lg bg-black/75 py-1 pl-3 pr-1 text-[0.8125rem] text-white backdrop-blur-md"
    >
      <History className="size-4" />
      {t("play.resumed", { t: clock(at) })}
      <button
        type="button"
        onClick={() => {
          if (media) media.currentTime = 0;
          forget();
        }}
        className="rounded-md px-2 py-1 font-medium text-[oklch(0.82_0.14_60)] hover:bg-white/15"
      >
        {t("play.restart")}
      </button>
    </div>
  );
}
