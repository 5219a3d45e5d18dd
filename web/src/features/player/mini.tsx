/** The player on every page but its own: a small window for video, a bar for audio. */
import { Link } from "@tanstack/react-router";
import { Maximize2, Pause, Play, SkipBack, SkipForward, X } from "lucide-react";
import { useState } from "react";
import type { Item } from "@/api/types";
import { player, usePlayer } from "@/components/player-store";
import { useI18n } from "@/i18n";
import { clock } from "@/lib/format";
import { cn } from "@/lib/utils";
import { Control, Volume } from "./controls";
import { PlayerMenu } from "./player-menu";
import { SeekBar } from "./seek-bar";
import type { Ways } from "./stage";
import { toggle, useMedia } from "./use-media";

type Props = { item: Item; media: HTMLVideoElement | null; ways: Ways; bar: boolean };

export function Mini({ item, media, ways, bar }: Props) {
  const { t } = useI18n();
  const [menu, setMenu] = useState(false);
  const paused = useMedia(media, (element) => element.paused, true);
  const queue = usePlayer((state) => state.queue);
  const now = useMedia(media, ({ currentTime }) => Math.floor(currentTime), 0);
  return (
    <div className={cn("flex min-w-0 flex-1 items-center gap-1 px-2", !bar && "md:h-16")}>
      <div className="min-w-0 flex-1 px-1">
        <Link
          to="/watch/$id"
          params={{ id: String(item.id) }}
          state={{ queue }}
          className="block truncate text-[0.8125rem] font-medium hover:underline"
        >
          {item.title}
        </Link>
        <p className="num truncate text-xs text-white/75">
          {clock(now)} / {clock(item.duration ?? 0)}
        </p>
        <SeekBar media={media} duration={item.duration ?? 0} chapters={item.chapters ?? []} thin />
      </div>
      <Control label={t("play.prev")} className="max-md:hidden" onClick={ways.previous} disabled={!ways.previous}>
        <SkipBack className="fill-current" />
      </Control>
      <Control label={t(paused ? "play.play" : "play.pauseIt")} onClick={() => toggle(media)}>
        {paused ? <Play className="fill-current" /> : <Pause className="fill-current" />}
      </Control>
      <Control label={t("play.next")} className="max-md:hidden" onClick={ways.next} disabled={!ways.next}>
        <SkipForward className="fill-current" />
      </Control>
      {bar && <Volume media={media} />}
      {bar && <PlayerMenu item={item} media={media} open={menu} onOpen={setMenu} />}
      {bar && (
        <Link
          to="/watch/$id"
          params={{ id: String(item.id) }}
          state={{ queue }}
          aria-label={t("play.open")}
          className="grid size-9 place-items-center rounded-lg hover:bg-white/15 max-md:hidden"
        >
          <Maximize2 className="size-5" />
        </Link>
      )}
      <Control label={t("play.close")} onClick={player.close}>
        <X />
      </Control>
    </div>
  );
}
