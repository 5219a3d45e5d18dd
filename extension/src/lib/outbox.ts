/**
 * Links that wait until the server answers again. They leave in the order they came; one that the server refuses
 * for good is dropped, or it would block the others for ever. The popup shows why.
 */
import * as calls from "./calls.ts";
import { codeOf, factsOf } from "./problem.ts";
import type { Wish } from "./store.ts";
import * as store from "./store.ts";

const MOST = 500;
/** Temporary reasons, and those that end when the user pairs again. */
const PASSING = ["unreachable", "bad_server", "not_paired", "clock", "replayed", "database_away", "too_many_requests"];

export type Outcome = "sent" | "waiting";

/** Send a link, or keep it for later. Throws `Problem` where the server does not want it. */
export async function submit(wish: Wish): Promise<Outcome> {
  try {
    await calls.download(wish);
    return "sent";
  } catch (error) {
    if (!PASSING.includes(codeOf(error))) throw error;
    const waiting = await store.outbox();
    await store.keep({ outbox: [...waiting, wish].slice(-MOST) });
    return "waiting";
  }
}

/** Keep why a link was refused, for the next look at the popup. */
export async function refused(wish: Wish, error: unknown): Promise<void> {
  await store.keep({ refusal: { url: wish.url, code: codeOf(error), facts: factsOf(error) } });
}

let flushing: Promise<number> | undefined;

/** Send pending links. Returns: how many were sent. A second call waits for the first, so no link is sent twice. */
export function flush(): Promise<number> {
  flushing ??= sendAll().finally(() => {
    flushing = undefined;
  });
  return flushing;
}

async function sendAll(): Promise<number> {
  let sent = 0;
  for (let next = (await store.outbox())[0]; next; next = (await store.outbox())[0]) {
    try {
      await calls.download(next);
      sent += 1;
    } catch (error) {
      if (PASSING.includes(codeOf(error))) return sent;
      await refused(next, error);
    }
    await store.keep({ outbox: (await store.outbox()).slice(1) });
  }
  return sent;
}
