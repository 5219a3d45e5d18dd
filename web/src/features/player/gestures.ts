/** Clicks and touches on the picture: click plays and pauses, double click is full screen, double tap jumps 10 s. */
import { type PointerEvent, useRef } from "react";
import { seekBy, toggle } from "./use-media";

const DOUBLE = 300; // ms between two taps
const JUMP = 10; // seconds

export function useGestures(media: HTMLVideoElement | null) {
  const last = useRef<{ at: number; side: number }>({ at: 0, side: 0 });
  return {
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      if (event.pointerType !== "touch") return toggle(media);
      const { left, width } = event.currentTarget.getBoundingClientRect();
      const side = Math.floor(((event.clientX - left) / width) * 3) - 1; // -1, 0 and 1: left, middle, right
      const double = event.timeStamp - last.current.at < DOUBLE && side === last.current.side;
      last.current = { at: event.timeStamp, side };
      if (double && side) seekBy(media, side * JUMP);
      else if (double) toggle(media);
    },
    onDoubleClick: (event: React.MouseEvent<HTMLElement>) => {
      const wrapper = event.currentTarget.closest<HTMLElement>("[data-player]");
      if (wrapper) fullScreen(wrapper);
    },
  };
}

/** The wrapper and not the video: what lies over the picture comes along, and the next item stays in full screen. */
export function fullScreen(wrapper: HTMLElement) {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void wrapper.requestFullscreen?.().catch(() => {});
}
