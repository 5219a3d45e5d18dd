/** The item that plays: one item for the whole session, on every page. The player of the shell follows this store. */
import { useSyncExternalStore } from "react";
import type { Wanted } from "@/api/queries";

/** The view that an item was opened from: what comes next is what follows it there. */
export type Queue = {
  wanted: Wanted;
  /** A list of a site: its order is the order of the queue, and `wanted` is not asked for. */
  list?: number;
  label: string;
  href: string;
};

type State = {
  id?: number;
  /** The element of the watch page that the player covers; null on every other page. */
  slot: HTMLElement | null;
  media: HTMLVideoElement | null;
  queue?: Queue;
  theatre: boolean;
};

const QUEUE = "mf.queue";
const THEATRE = "mf.theatre";

function savedQueue(): Queue | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(QUEUE) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

let state: State = {
  slot: null,
  media: null,
  queue: savedQueue(),
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
  open: (id: number) => {
    if (state.id !== id) set({ id });
  },
  close: () => set({ id: undefined }),
  setSlot: (slot: HTMLElement | null) => {
    if (state.slot !== slot) set({ slot });
  },
  setMedia: (media: HTMLVideoElement | null) => {
    if (state.media !== media) set({ media });
  },
  setQueue: (queue: Queue) => {
    sessionStorage.setItem(QUEUE, JSON.stringify(queue));
    set({ queue });
  },
  toggleTheatre: () => {
    localStorage.setItem(THEATRE, state.theatre ? "0" : "1");
    set({ theatre: !state.theatre });
  },
  /** The watch page is left: an item that plays continues in the mini player, a paused one closes. */
  leave: () => {
    const { media } = state;
    set({ slot: null, ...(media && !media.paused && !media.ended ? {} : { id: undefined }) });
  },
};

export function usePlayer<Part>(part: (state: State) => Part): Part {
  return useSyncExternalStore(player.subscribe, () => part(state));
}
