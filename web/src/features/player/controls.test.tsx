import { act, fireEvent, screen } from "@testing-library/react";
import { vi } from "vitest";
import type { Item } from "@/api/types";
import { renderPart } from "@/test/render";
import { Controls } from "./controls";

const ITEM = {
  id: 1,
  title: "Night ferry",
  duration: 60,
  subtitles: [],
  chapters: [],
  media: { kind: "video/mp4" },
} as unknown as Item;

async function show(more: Partial<Item> = {}, ways = {}) {
  const media = document.createElement("video");
  let paused = true;
  Object.defineProperty(media, "paused", { get: () => paused });
  const turn = (now: boolean, kind: string) => {
    paused = now;
    media.dispatchEvent(new Event(kind));
  };
  media.play = vi.fn(async () => turn(false, "play"));
  media.pause = vi.fn(() => turn(true, "pause"));
  const wrapper = { current: document.createElement("section") };
  await renderPart(<Controls item={{ ...ITEM, ...more }} media={media} wrapper={wrapper} ways={ways} idle={false} />);
  return media;
}
const button = (name: string) => screen.getAllByRole("button", { name })[0] as HTMLElement;

test("the button plays and pauses, and is named after what it does next", async () => {
  const media = await show();
  await act(async () => void fireEvent.click(button("Play")));
  expect(media.play).toHaveBeenCalledOnce();
  expect(screen.queryByRole("button", { name: "Play" })).toBeNull();
  fireEvent.click(button("Pause"));
  expect(media.pause).toHaveBeenCalledOnce();
});

test("next and previous can be used only if there is one", async () => {
  const next = vi.fn();
  await show({}, { next });
  fireEvent.click(button("Next"));
  expect(next).toHaveBeenCalledOnce();
  expect(button("Previous")).toBeDisabled();
});

test("captions have a button only if the item has some", async () => {
  await show();
  expect(screen.queryByRole("button", { name: /captions|subtitles/i })).toBeNull();
});

test("captions of an item have a button that says whether they are shown", async () => {
  await show({ subtitles: ["en"] });
  expect(screen.getByRole("button", { name: /captions|subtitles/i })).toHaveAttribute("aria-pressed", "false");
});
