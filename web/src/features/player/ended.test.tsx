import { act, render, screen } from "@testing-library/react";
import { vi } from "vitest";
import { Ended } from "./ended";

const AFTER_THE_COUNTDOWN = 9; // seconds, one more than it has

async function wait(seconds: number) {
  for (let i = 0; i < seconds; i++) await act(() => vi.advanceTimersByTimeAsync(1000));
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the next item begins after the countdown, once", async () => {
  const media = document.createElement("video");
  const next = vi.fn();
  render(<Ended media={media} title="Film" next={next} />);
  act(() => void media.dispatchEvent(new Event("ended")));
  expect(screen.getByRole("status")).toHaveTextContent("Film");
  await wait(AFTER_THE_COUNTDOWN);
  expect(next).toHaveBeenCalledTimes(1);
  expect(screen.queryByRole("status")).toBeNull();
});

test("an item that is opened after the last one of a queue is not skipped", async () => {
  const media = document.createElement("video");
  const { rerender } = render(<Ended media={media} next={() => {}} />);
  act(() => void media.dispatchEvent(new Event("ended")));
  await wait(AFTER_THE_COUNTDOWN);
  rerender(<Ended media={media} />); // the last one plays, and nothing is next
  const next = vi.fn();
  rerender(<Ended media={media} title="Film" next={next} />); // of another queue
  await wait(AFTER_THE_COUNTDOWN);
  expect(next).not.toHaveBeenCalled();
});
