import { describe, expect, it } from "vitest";
import { withQuality } from "./quality";

describe("withQuality", () => {
  it("keeps what was given as its default", () => {
    expect(withQuality({ audio: null, sponsorblock: true }, "best", true)).toEqual({ audio: null, sponsorblock: true });
  });

  it("replaces a quality by another, and nothing else", () => {
    expect(withQuality({ max_height: 720, sponsorblock: true }, "m4a", false)).toEqual({
      audio: "m4a",
      sponsorblock: true,
    });
    expect(withQuality({ audio: "mp3" }, "best", false)).toEqual({});
  });

  it("prefers a chosen picture to the audio of a preset", () => {
    expect(withQuality({}, "720", true)).toEqual({ max_height: 720, audio: null });
    expect(withQuality({ max_height: 720 }, "720", true)).toEqual({ max_height: 720, audio: null });
    expect(withQuality({}, "720", false)).toEqual({ max_height: 720 });
  });
});
