import { progress, put, remove, speed } from "./reduce";
import type { Download } from "./types";

const download = (id: number, more: Partial<Download> = {}): Download => ({
  id,
  url: `https://example.org/${id}`,
  site: "example.org",
  title: null,
  state: "running",
  stage: "download",
  progress: 0,
  speed: null,
  eta: null,
  size: null,
  duration: null,
  folder: "",
  options: {},
  error: null,
  item: null,
  poster: null,
  priority: 0,
  attempt: 1,
  position: null,
  created_at: "2026-11-22T12:00:00Z",
  started_at: null,
  finished_at: null,
  run_after: null,
  converting: false,
  recording: false,
  kind: "media",
  parent: null,
  children: null,
  ...more,
});

test("a new download is put where it belongs: newest first", () => {
  expect(put([download(3), download(1)], download(2)).map(({ id }) => id)).toEqual([3, 2, 1]);
});

test("a changed download takes its own place", () => {
  const after = put([download(2), download(1)], download(2, { state: "done" }));
  expect(after.map(({ id, state }) => [id, state])).toEqual([
    [2, "done"],
    [1, "running"],
  ]);
});

test("progress changes only who it is about", () => {
  const other = download(1);
  const [changed, same] = progress(
    [download(2), other],
    [{ id: 2, stage: "convert", progress: 0.5, speed: 7, eta: 3 }],
  );
  expect(changed).toMatchObject({ stage: "convert", progress: 0.5, speed: 7, eta: 3 });
  expect(same).toBe(other);
});

test("progress that comes late does not wake what ended, nor invent what is not there", () => {
  const ended = [download(1, { state: "done", progress: 1 })];
  const late = { stage: "download" as const, progress: 0.2, speed: 1, eta: 1 };
  expect(
    progress(ended, [
      { id: 1, ...late },
      { id: 9, ...late },
    ]),
  ).toEqual(ended);
});

test("gone is gone", () => expect(remove([download(2), download(1)], 2).map(({ id }) => id)).toEqual([1]));

test("the speed is that of what runs", () => {
  expect(speed([download(1, { speed: 5 }), download(2, { speed: 7, state: "paused" }), download(3)])).toBe(5);
});
