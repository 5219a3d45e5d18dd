/** The controls over the picture. The keys of the page do the same. */
import {
  Captions,
  CaptionsOff,
  Maximize,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  RectangleHorizontal,
  SkipBack,
  SkipForward,
  Volume2,
  VolumeX,
} from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useState } from "react";
import type { Item } from "@/api/types";
import { isAudio } from "@/components/media-card";
import { captionsShown } from "@/components/player-choices";
import { player, usePlayer } from "@/components/player-store";
import { useI18n } from "@/i18n";
import { clock } from "@/lib/format";
import { cn } from "@/lib/utils";
import { chapterAt } from "./chapters";
import { fullScreen } from "./gestures";
import { toggleCaptions } from "./keys";
import { PlayerMenu } from "./player-menu";
import { SeekBar } from "./seek-bar";
import type { Ways } from "./stage";
import { toggle, useMedia } from "./use-media";

type Props = {
  item: Item;
  media: HTMLVideoElement | null;
  wrapper: RefObject<HTMLElement | null>;
  ways: Ways;
  idle: boolean;
};

export function Controls({ item, media, wrapper, ways, idle }: Props) {
  const { t } = useI18n();
  const paused = useMedia(media, (element) => element.paused, true);
  const captions = useMedia(media, captionsShown, "");
  const theatre = usePlayer((state) => state.theatre);
  const full = useFullScreen();
  const [menu, setMenu] = useState(false);
  const hidden = idle && !paused && !menu;
  return (
    <>
      {paused && (
        <button
          type="button"
          aria-label={t("play.play")}
          onClick={() => toggle(media)}
          className="absolute inset-0 m-auto grid size-16 place-items-center rounded-full bg-black/60 backdrop-blur-sm hover:bg-black/75"
        >
          <Play className="size-7 translate-x-0.5 fill-current" />
        </button>
      )}
      <div
        className={cn(
          "pointer-events-none absolute inset-x-0 bottom-0 bg-linear-to-t from-black/85 via-black/45 to-transparent px-3 pb-2 pt-16 transition-opacity duration-200 focus-within:opacity-100 *:pointer-events-auto sm:px-4",
          hidden && "opacity-0",
        )}
      >
        <SeekBar media={media} duration={item.duration ?? 0} chapters={item.chapters ?? []} />
        <div className="flex items-center gap-0.5 sm:gap-1">
          <Control label={t(paused ? "play.play" : "play.pauseIt")} keys="K" onClick={() => toggle(media)}>
            {paused ? <Play className="fill-current" /> : <Pause className="fill-current" />}
          </Control>
          <Control label={t("play.prev")} keys="P" onClick={ways.previous} disabled={!ways.previous}>
            <SkipBack className="fill-current" />
          </Control>
          <Control label={t("play.next")} keys="N" onClick={ways.next} disabled={!ways.next}>
            <SkipForward className="fill-current" />
          </Control>
          <Volume media={media} />
          <Clock item={item} media={media} />
          <span className="flex-1" />
          {item.subtitles.length > 0 && (
            <Control
              label={t("play.captions")}
              keys="C"
              pressed={captions !== ""}
              onClick={() => media && toggleCaptions(media)}
            >
              {captions ? <Captions /> : <CaptionsOff />}
            </Control>
          )}
          <PlayerMenu item={item} media={media} open={menu} onOpen={setMenu} />
          {!isAudio(item) && document.pictureInPictureEnabled && (
            <Control
              label={t("play.pip")}
              className="max-sm:hidden"
              onClick={() => void media?.requestPictureInPicture().catch(() => {})}
            >
              <PictureInPicture2 />
            </Control>
          )}
          <Control
            label={t("play.theatre")}
            keys="T"
            pressed={theatre}
            className="max-lg:hidden"
            onClick={player.toggleTheatre}
          >
            <RectangleHorizontal />
          </Control>
          <Control
            label={t("play.full")}
            keys="F"
            pressed={full}
            onClick={() => wrapper.current && fullScreen(wrapper.current)}
          >
            {full ? <Minimize /> : <Maximize />}
          </Control>
        </div>
      </div>
    </>
  );
}

type ControlProps = {
  label: string;
  keys?: string;
  pressed?: boolean;
  disabled?: boolean;
  className?: string;
  onClick?: () => void;
  children: ReactNode;
};

export function Control({ label, keys, pressed, disabled, className, onClick, children }: ControlProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={keys ? `${label} (${keys})` : label}
      aria-keyshortcuts={keys}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
      className={cn(
        "grid size-10 shrink-0 place-items-center rounded-lg hover:bg-white/15 disabled:pointer-events-none disabled:opacity-40 sm:size-9 [&_svg]:size-5",
        className,
      )}
    >
      {children}
    </button>
  );
}

export function Volume({ media }: { media: HTMLVideoElement | null }) {
  const { t } = useI18n();
  const muted = useMedia(media, (element) => element.muted || element.volume === 0, false);
  const volume = useMedia(media, (element) => element.volume, 1);
  return (
    <span className="group/volume flex items-center max-sm:hidden">
      <Control
        label={t("play.mute")}
        keys="M"
        pressed={muted}
        onClick={() => {
          if (media) media.muted = !media.muted;
        }}
      >
        {muted ? <VolumeX /> : <Volume2 />}
      </Control>
      <input
        type="range"
        className="volume mx-1 h-4 w-16"
        min={0}
        max={1}
        step={0.05}
        value={muted ? 0 : volume}
        aria-label={t("play.volume")}
        onChange={(event) => {
          if (media) Object.assign(media, { volume: Number(event.target.value), muted: false });
        }}
      />
    </span>
  );
}

function Clock({ item, media }: { item: Item; media: HTMLVideoElement | null }) {
  const chapters = item.chapters ?? [];
  const now = useMedia(media, ({ currentTime }) => Math.floor(currentTime), 0);
  const chapter = chapters[chapterAt(chapters, now)];
  return (
    <span className="num ml-1 flex min-w-0 items-baseline gap-2 whitespace-nowrap text-[0.8125rem]">
      <span>
        {clock(now)} <span className="text-white/75">/ {clock(item.duration ?? media?.duration ?? 0)}</span>
      </span>
      {chapter && <span className="truncate max-lg:hidden">{chapter.title}</span>}
    </span>
  );
}

function useFullScreen() {
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);
  return full;
}
