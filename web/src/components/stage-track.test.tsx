import { render, screen } from "@testing-library/react";
import { at, overall, StageTrack, stepsOf, type Tracked } from "./stage-track";

const tracked = (more: Partial<Tracked>): Tracked => ({
  state: "running",
  stage: "download",
  progress: 0,
  converting: false,
  ...more,
});

test("who need not convert has four segments, who must five", () => {
  expect(stepsOf(tracked({})).map(({ step }) => step)).toEqual(["probe", "download", "hash", "place"]);
  expect(stepsOf(tracked({ converting: true }))).toHaveLength(5);
});

test("storing is first the one pass that hashes, then the place", () => {
  expect(at(tracked({ stage: "store", progress: 0.45 }))).toEqual({ step: "hash", done: 0.5 });
  const placing = at(tracked({ stage: "store", progress: 0.95 }));
  expect(placing?.step).toBe("place");
  expect(placing?.done).toBeCloseTo(0.5);
});

test("what the server says is kept within 0 and 1", () => {
  expect(at(tracked({ progress: 1.2 }))?.done).toBe(1);
  expect(at(tracked({ progress: -1 }))?.done).toBe(0);
});

test("all in all it only ever grows", () => {
  for (const converting of [false, true]) {
    const stages = ["extract", "download", ...(converting ? (["convert"] as const) : []), "store"] as const;
    let before = -1;
    for (const stage of stages)
      for (let twentieths = 0; twentieths <= 20; twentieths++) {
        const progress = twentieths / 20;
        const now = overall(tracked({ stage, progress, converting }));
        expect(now).toBeGreaterThanOrEqual(before - 1e-9);
        before = now;
      }
    expect(before).toBeGreaterThan(0.98);
  }
});

test("done is all of it, not begun is nothing", () => {
  expect(overall(tracked({ state: "done", stage: null }))).toBe(1);
  expect(overall(tracked({ state: "queued", stage: null }))).toBe(0);
});

test("it tells in words where it is", () => {
  render(<StageTrack download={tracked({ stage: "download", progress: 0.5 })} label="Night ferry" />);
  const bar = screen.getByRole("progressbar", { name: "Night ferry" });
  expect(bar).toHaveAttribute("aria-valuetext", expect.stringMatching(/^Downloading, \d+%$/));
});
