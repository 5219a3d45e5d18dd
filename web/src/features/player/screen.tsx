import { CircleAlert, Download, History } from "lucide-react";
import { type RefObject, useEffect, useState } from "react";
import type { Item } from "@/api/types";
import { isAudio, posterOf } from "@/components/media-card";
import { Poster } from "@/components/poster";
import { buttonVariants } from "@/components/ui/button";
import { useI18n } from "@/i18n";
import { clock } from "@/lib/format";
import { languageName } from "@/lib/languages";
import { Ended } from "./ended";
import { usePosition } from "./position";

type Props = {
  item: Item;
  player: RefObject<HTMLMediaElement | null>;
  next?: () => void;
  nextTitle?: string;
};
type Trouble = "error" | "no-picture";

/** The browser's own player, where it was left; and plain words where this browser cannot play the file. */
export function Screen({ item, player, next, nextTitle }: Props) {
  const { t, locale } = useI18n();
  const [trouble, setTrouble] = useState<Trouble>();
  const { resumed, forget } = usePosition(player, item);
  const audio = isAudio(item);
  useEffect(() => {
    if (!resumed) return;
    const hide = setTimeout(forget, 12_000);
    return () => clearTimeout(hide);
  });
  const shared = {
    src: `/media/${item.id}`,
    controls: true,
    preload: "metadata" as const,
    "aria-label": item.title,
    onError: () => setTrouble("error"),
    children: item.subtitles.map((language) => (
      <track
        key={language}
        kind="subtitles"
        src={`/media/${item.id}/subtitles/${language}`}
        srcLang={language}
        label={languageName(language, locale)}
      />
    )),
  };
  return (
    <div className="relative overflow-hidden bg-black shadow-2xl sm:rounded-xl">
      {audio ? (
        <div className="relative">
          <Poster src={posterOf(item)} seed={item.id} audio className="max-h-[50dvh] w-full rounded-none" />
          <audio
            ref={player as RefObject<HTMLAudioElement>}
            className="absolute inset-x-4 bottom-4 w-[calc(100%-2rem)]"
            {...shared}
          />
        </div>
      ) : (
        <video
          ref={player as RefObject<HTMLVideoElement>}
          className="aspect-video max-h-[72dvh] w-full"
          poster={posterOf(item) ?? undefined}
          playsInline
          onLoadedMetadata={(event) => {
            // A browser that lacks the decoder plays the sound alone, without a word: the picture is 0 x 0 then.
            if (item.media.video_codec && !event.currentTarget.videoWidth) setTrouble("no-picture");
          }}
          {...shared}
        />
      )}
      {trouble && (
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
      )}
      {!trouble && <Ended player={player} title={nextTitle} next={next} />}
      {resumed > 0 && !trouble && (
        <div
          role="status"
          className="absolute left-3 top-3 flex animate-rise items-center gap-2 rounded-lg bg-black/75 py-1 pl-3 pr-1 text-[0.8125rem] text-white backdrop-blur-md"
        >
          <History className="size-4" />
          {t("play.resumed", { t: clock(resumed) })}
          <button
            type="button"
            onClick={() => {
              if (player.current) player.current.currentTime = 0;
              forget();
            }}
            className="rounded-md px-2 py-1 font-medium text-[oklch(0.82_0.14_60)] hover:bg-white/15"
          >
            {t("play.restart")}
          </button>
        </div>
      )}
    </div>
  );
}
