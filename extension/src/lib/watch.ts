/** Ask the server how things stand: once a minute, and after whatever changes it. */
import * as badge from "./badge.ts";
import * as calls from "./calls.ts";
import * as menu from "./menu.ts";
import * as outbox from "./outbox.ts";
import * as store from "./store.ts";

export const ALARM = "look";
export const EVERY = 1; // minutes; the shortest that browsers allow

/** Send pending links, then read the state. An unreachable server changes only the badge. */
export async function look(): Promise<void> {
  if (!(await store.server())) return badge.rest(0, 0);
  const before = await store.seen();
  let seen = before;
  try {
    await outbox.flush();
    seen = await news(before);
  } finally {
    await badge.rest(seen.parked.length, (await store.outbox()).length);
  }
}

async function news(before: store.Seen): Promise<store.Seen> {
  const state = await calls.state();
  const newest = Math.max(0, ...state.done.map((one) => one.id));
  const { parked, folders, presets } = state;
  const seen = { parked, folders, presets, done: Math.max(before.done, newest) };
  await store.keep({ seen });
  if (seen.folders.join("\n") !== before.folders.join("\n")) await menu.make(seen.folders);
  // The first check after pairing finds old ones: only later ones are shown.
  if (before.done > 0 && newest > before.done) await badge.show(undefined, "✓", "good");
  return seen;
}
