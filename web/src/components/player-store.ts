/** The item that plays: one item for the whole session, on every page. The player of the shell follows this store. */
import "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import type { Wanted } from "@/api/queries";

/** The view that an item was opened from: what comes next is what follows it there. It has one of three forms. */
export type Queue = {
  wanted?: Wanted;
  /** A list of a site, in its order. */
  list?: number;
  /** A few items, in this order. */
  ids?: readonly number[];
  label: string;
  href: string;
};

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** Of a watch page. A link without one leads to an item that has no queue but its own playlist or folder. */
    queue?: Queue;
  }
}

type State = {
  id?: number;
  /** The element of the watch page that the player covers; null on every other page. */
  slot: HTMLElement | null;
  media: HTMLVideoElement | null;
  queue?: Queue;
  /** The user said of this item whether it is watched: how far it plays does not change that. */
  marked?: number;
  theatre: boolean;
  /** After so many minutes it pauses, at that time (ms). */
  sleep?: { minutes: number; at: number };
};

const THEATRE = "mf.theatre";

let state: State = {
  slot: null,
  media: null,
  theatre: localStorage.getItem(THEATRE) === "1",
};
const listeners = new Set<() => void>();

function set(change: Partial<State>) {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

export const player = {
  get: () => state,
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  /** Plays an item of a queue, or of none. */
  open: (id: number, queue: Queue | undefined) => {
    if (state.id !== id || state.queue !== queue)
      set({ id, queue, marked: state.id === id ? state.marked : undefined });
  },
  close: () => set({ id: undefined, marked: undefined, sleep: undefined }),
  /** 0: never. */
  sleepAfter: (minutes: number) => set({ sleep: minutes ? { minutes, at: Date.now() + minutes * 60_000 } : undefined }),
  mark: (ids: readonly number[]) => {
    if (state.id !== undefined && ids.includes(state.id)) set({ marked: state.id });
  },
  setSlot: (slot: HTMLElement | null) => {
    if (state.slot !== slot) set({ slot });
  },
  setMedia: (media: HTMLVideoElement | null) => {
    if (state.media !== media) set({ media });
  },
  toggleTheatre: () => {
    localStorage.setItem(THEATRE, state.theatre ? "0" : "1");
    set({ theatre: !state.theatre });
  },
  /** The watch page is left: an item that plays continues in the mini player, a paused one closes. */
  leave: () => {
    const { media } = state;
    set({ slot: null, ...(media && !media.paused && !media.ended ? {} : { id: undefined, sleep: undefined }) });
  },
};

export function usePlayer<Part>(part: (state: State) => Part): Part {
  return useSyncExternalStore(player.subscribe, () => part(state));
}
