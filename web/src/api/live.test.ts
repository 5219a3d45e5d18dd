import { QueryClient } from "@tanstack/react-query";
import { keys } from "./keys";
import { answering, listen } from "./live";
import { downloadsQuery } from "./queries";
import type { Download } from "./types";

/** The browser's EventSource, which the test environment has none of, in the hands of the test. */
class Stream extends EventTarget {
  static all: Stream[] = [];
  onerror?: () => void;
  closed = false;
  constructor(readonly url: string) {
    super();
    Stream.all.push(this);
  }
  close() {
    this.closed = true;
  }
  say(kind: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
  }
}
const latest = () => {
  const stream = Stream.all.at(-1);
  if (!stream) throw new Error("nothing was opened");
  return stream;
};
const row = (id: number, state = "running") => ({ id, state, stage: "download", progress: 0, speed: 0 });

let cache: QueryClient;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Stream);
  Stream.all = [];
  cache = new QueryClient();
  stop = listen(cache);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the snapshot fills the cache newest first, later events change it", () => {
  latest().say("snapshot", { downloads: [row(1), row(2)], system: { version: "1" } });
  expect(cache.getQueryData(keys.live)).toBe(true);
  expect(cache.getQueryData(keys.system)).toEqual({ version: "1" });
  latest().say("progress", [{ id: 1, stage: "store", progress: 0.5, speed: null, eta: null }]);
  latest().say("download", row(3, "queued"));
  latest().say("gone", { id: 2 });
  expect(cache.getQueryData(keys.downloads)).toMatchObject([
    { id: 3, state: "queued" },
    { id: 1, stage: "store", progress: 0.5 },
  ]);
});

test("an answer that comes after what the stream has told of that download since changes nothing", () => {
  latest().say("snapshot", { downloads: [row(1, "failed"), row(2, "failed")], system: {} });
  const answer = (id: number) => ({ ...row(id, "queued") }) as Download;
  const states = () => cache.getQueryData<Download[]>(keys.downloads)?.map(({ id, state }) => `${id} ${state}`);

  let answered = answering(cache);
  latest().say("download", row(1));
  answered(answer(1)); // made before it ran
  answered(answer(2)); // of this one nothing was told
  expect(states()).toEqual(["2 queued", "1 running"]);

  answered = answering(cache);
  latest().say("gone", { id: 1 });
  answered(answer(1));
  expect(states()).toEqual(["2 queued"]);

  answered = answering(cache);
  latest().say("snapshot", { downloads: [row(2, "done")], system: {} });
  answered(answer(2));
  expect(states()).toEqual(["2 done"]);

  answering(cache)(answer(2)); // asked again
  expect(states()).toEqual(["2 queued"]);
});

test("what a snapshot leaves out is loaded page by page, and news of the stream counts more", async () => {
  const pages: Record<string, unknown> = {
    none: { downloads: [row(9, "queued"), row(8, "queued")], next: "8" },
    "8": { downloads: [row(7, "queued"), row(6, "queued")], next: null },
  };
  const asked: string[] = [];
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    const cursor = new URL(url).searchParams.get("cursor") ?? "none";
    asked.push(cursor);
    if (cursor === "8") {
      latest().say("gone", { id: 7 });
      latest().say("download", row(6, "running"));
    }
    return new Response(JSON.stringify(pages[cursor]));
  });
  latest().say("snapshot", { downloads: [row(9, "running"), row(1, "queued")], more: true, system: {} });
  await vi.waitFor(() => expect(cache.getQueryData<Download[]>(keys.downloads)).toHaveLength(4));
  await vi.advanceTimersByTimeAsync(100);
  const states = cache.getQueryData<Download[]>(keys.downloads)?.map(({ id, state }) => `${id} ${state}`);
  expect(states).toEqual(["9 running", "8 queued", "6 running", "1 queued"]);
  expect(asked).toEqual(["none", "8"]);
});

test("a snapshot that has all asks for nothing, and another one ends the loading", async () => {
  const ask = vi.fn(async () => {
    latest().say("snapshot", { downloads: [row(2)], more: false, system: {} });
    return new Response(JSON.stringify({ downloads: [row(5, "queued")], next: "5" }));
  });
  vi.stubGlobal("fetch", ask);
  latest().say("snapshot", { downloads: [row(1)], more: false, system: {} });
  await vi.advanceTimersByTimeAsync(100);
  expect(ask).not.toHaveBeenCalled();
  latest().say("snapshot", { downloads: [row(1)], more: true, system: {} });
  await vi.advanceTimersByTimeAsync(100);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(cache.getQueryData<Download[]>(keys.downloads)?.map(({ id }) => id)).toEqual([2]);
});

test("an answer that was requested before a snapshot does not replace it", async () => {
  let answer = (_: Response) => {};
  vi.stubGlobal("fetch", () => new Promise<Response>((done) => (answer = done)));
  const asked = cache.fetchQuery(downloadsQuery).catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  latest().say("snapshot", { downloads: [row(1, "done")], more: false, system: {} });
  answer(new Response(JSON.stringify({ downloads: [row(1, "queued")], next: null })));
  await asked;
  expect(cache.getQueryData<Download[]>(keys.downloads)?.map(({ state }) => state)).toEqual(["done"]);
});

test("the first request has what has not ended of later pages too, as a snapshot", async () => {
  const pages: Record<string, unknown> = {
    " ": { downloads: [row(9, "done"), row(8, "queued")], next: "8" },
    "queued ": { downloads: [row(8, "queued"), row(3, "queued")], next: "3" },
    "queued 3": { downloads: [row(2, "paused")], next: null },
  };
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    const { searchParams: given } = new URL(url);
    return Response.json(pages[`${given.get("state")?.split(",")[0] ?? ""} ${given.get("cursor") ?? ""}`]);
  });
  expect((await cache.fetchQuery(downloadsQuery)).map(({ id }) => id)).toEqual([9, 8, 3, 2]);
});

test("what a link is gets asked again once it was fetched, and nothing else is", () => {
  cache.setQueryData([...keys.preview, "https://a/1"], { item: null });
  cache.setQueryData([...keys.preview, "https://a/2"], { item: null });
  const stale = (url: string) => cache.getQueryState([...keys.preview, url])?.isInvalidated;
  latest().say("download", { ...row(1), url: "https://a/1" });
  expect(stale("https://a/1")).toBe(false);
  latest().say("download", { ...row(1, "done"), url: "https://a/1" });
  expect([stale("https://a/1"), stale("https://a/2")]).toEqual([true, false]);
});

test("a broken stream is said, and opened again ever more slowly", () => {
  const waits = [1000, 2000, 4000, 8000, 15_000, 15_000];
  for (const [tries, wait] of waits.entries()) {
    const broken = latest();
    broken.onerror?.();
    expect(broken.closed).toBe(true);
    expect(cache.getQueryData(keys.live)).toBe(false);
    vi.advanceTimersByTime(wait - 1);
    expect(Stream.all).toHaveLength(tries + 1);
    vi.advanceTimersByTime(1);
    expect(Stream.all).toHaveLength(tries + 2);
  }
  latest().say("snapshot", { downloads: [], system: {} });
  expect(cache.getQueryData(keys.live)).toBe(true);
  latest().onerror?.();
  vi.advanceTimersByTime(1000); // what was well again begins with the short wait
  expect(Stream.all).toHaveLength(waits.length + 2);
});

test("many changes of the library are one reload", () => {
  const reload = vi.spyOn(cache, "invalidateQueries");
  for (let i = 0; i < 20; i++) latest().say("library", {});
  vi.advanceTimersByTime(1000);
  expect(reload.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([
    keys.items,
    keys.folders,
    keys.trash,
    keys.subscriptions,
  ]);
});

test("the speed is sampled every second, and nothing goes on after the end", () => {
  latest().say("snapshot", { downloads: [{ ...row(1), speed: 7 }], system: {} });
  vi.advanceTimersByTime(90_000);
  expect(cache.getQueryData<number[]>(keys.speeds)).toHaveLength(60);
  expect(cache.getQueryData<number[]>(keys.speeds)?.at(-1)).toBe(7);
  stop();
  expect(latest().closed).toBe(true);
  const change = vi.spyOn(cache, "setQueryData");
  vi.advanceTimersByTime(60_000);
  expect(change).not.toHaveBeenCalled();
  expect(Stream.all).toHaveLength(1);
});
