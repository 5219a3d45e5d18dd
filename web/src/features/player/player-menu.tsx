/** One menu for speed, captions and the time after which it stops. It lies in the wrapper: full screen keeps it. */
import { Settings } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Item } from "@/api/types";
import { captionsShown, remember, showCaptions } from "@/components/player-choices";
import { player, usePlayer } from "@/components/player-store";
import { useI18n } from "@/i18n";
import { languageName } from "@/lib/languages";
import { cn } from "@/lib/utils";
import { Control } from "./controls";
import { useMedia } from "./use-media";

export const RATES = [0.75, 1, 1.25, 1.5, 2];
const SLEEPS = [0, 15, 30, 60]; // minutes; 0: never

type Props = { item: Item; media: HTMLVideoElement | null; open: boolean; onOpen: (open: boolean) => void };

export function PlayerMenu({ item, media, open, onOpen }: Props) {
  const { t, locale } = useI18n();
  const place = useRef<HTMLSpanElement>(null);
  const rate = useMedia(media, ({ playbackRate }) => playbackRate, 1);
  const captions = useMedia(media, captionsShown, "");
  const sleep = usePlayer((state) => state.sleep?.minutes ?? 0);
  useDismiss(place, open, () => onOpen(false));
  const number = (value: number) => value.toLocaleString(locale);
  return (
    <span ref={place} className="relative">
      <Control label={t("play.settings")} pressed={open} onClick={() => onOpen(!open)}>
        <Settings />
      </Control>
      {open && (
        <div className="absolute bottom-full right-0 mb-2 max-h-[min(20rem,60vh)] w-72 space-y-3 overflow-y-auto rounded-xl border border-white/12 bg-[oklch(0.2_0.013_270/0.96)] p-3 text-[0.8125rem]">
          <Choice name={t("play.speed")}>
            {RATES.map((value) => (
              <Chip
                key={value}
                chosen={rate === value}
                onClick={() => {
                  if (media) media.playbackRate = value;
                }}
              >
                {number(value)}×
              </Chip>
            ))}
          </Choice>
          <Sounds item={item} media={media} />
          {item.subtitles.length > 0 && (
            <Choice name={t("play.captionsName")}>
              {["", ...item.subtitles].map((language) => (
                <Chip
                  key={language}
                  chosen={captions === language}
                  onClick={() => {
                    remember({ captions: language });
                    if (media) showCaptions(media, language);
                  }}
                >
                  {language ? languageName(language, locale) : t("play.off")}
                </Chip>
              ))}
            </Choice>
          )}
          <Choice name={t("play.sleep")}>
            {SLEEPS.map((minutes) => (
              <Chip key={minutes} chosen={sleep === minutes} onClick={() => player.sleepAfter(minutes)}>
                {minutes ? t("play.minutes", { n: minutes }) : t("play.off")}
              </Chip>
            ))}
          </Choice>
        </div>
      )}
    </span>
  );
}

type Track = { enabled: boolean; language: string; label: string };
type Tracks = { length: number; [at: number]: Track };

/** The sounds of a film, in browsers that let a page choose among them (Safari). */
function Sounds({ item, media }: Pick<Props, "item" | "media">) {
  const { t, locale } = useI18n();
  const [, again] = useState(0);
  const tracks = Array.from((media as { audioTracks?: Tracks } | null)?.audioTracks ?? []);
  if (tracks.length < 2) return null;
  const name = (track: Track, at: number) => {
    const language = track.language || item.audio_tracks?.[at]?.language;
    return track.label || (language && languageName(language, locale)) || String(at + 1);
  };
  return (
    <Choice name={t("play.audio")}>
      {tracks.map((track, at) => (
        <Chip
          // biome-ignore lint/suspicious/noArrayIndexKey: a track is known by its place alone
          key={at}
          chosen={track.enabled}
          onClick={() => {
            tracks.forEach((one, other) => {
              one.enabled = other === at;
            });
            again((count) => count + 1);
          }}
        >
          {name(track, at)}
        </Chip>
      ))}
    </Choice>
  );
}

function Choice({ name, children }: { name: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-white/75">{name}</legend>
      <div className="flex flex-wrap gap-1.5">{children}</div>
    </fieldset>
  );
}

function Chip({ chosen, onClick, children }: { chosen: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onClick}
      className={cn(
        "num h-8 min-w-11 rounded-lg bg-white/10 px-2.5 hover:bg-white/20",
        chosen && "bg-[oklch(0.765_0.153_56)] font-medium text-[oklch(0.215_0.05_50)] hover:bg-[oklch(0.765_0.153_56)]",
      )}
    >
      {children}
    </button>
  );
}

/** Escape and a click elsewhere close it. */
function useDismiss(place: React.RefObject<HTMLElement | null>, open: boolean, close: () => void) {
  useEffect(() => {
    if (!open) return;
    const press = (event: KeyboardEvent) => event.key === "Escape" && close();
    const click = (event: PointerEvent) => !place.current?.contains(event.target as Node) && close();
    addEventListener("keydown", press);
    addEventListener("pointerdown", click);
    return () => {
      removeEventListener("keydown", press);
      removeEventListener("pointerdown", click);
    };
  });
}
