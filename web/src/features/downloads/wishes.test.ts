import { qualities } from "@/lib/quality";
import { NOTHING_SPECIAL, optionsOf, seconds, wishesOf } from "./wishes";

test.each([
  ["1:02:03", 3723],
  ["2:03", 123],
  ["63.5", 63.5],
  ["", undefined],
  ["soon", undefined],
  ["1:2:3:4", undefined],
])("%j is %s seconds", (text, expected) => expect(seconds(text)).toBe(expected));

test("only what differs is sent", () => {
  expect(optionsOf(NOTHING_SPECIAL, false)).toEqual({});
  expect(optionsOf({ ...NOTHING_SPECIAL, quality: "mp3" }, false)).toEqual({ audio: "mp3" });
  expect(optionsOf({ ...NOTHING_SPECIAL, quality: "720", start: "1:00", machine: true }, false)).toEqual({
    max_height: 720,
    start: 60,
  });
  expect(optionsOf({ ...NOTHING_SPECIAL, subtitles: "en", machine: true }, false)).toEqual({
    subtitles: ["en"],
    auto_subtitles: true,
  });
});

test("of a list all entries, or those that were chosen", () => {
  expect(optionsOf(NOTHING_SPECIAL, true)).toEqual({ playlist: { folder: true } });
  expect(optionsOf({ ...NOTHING_SPECIAL, entries: [1, 3], ownFolder: false }, true)).toEqual({
    playlist: { items: [1, 3], folder: false },
  });
});

test("the qualities are those of the film, else the usual ones; what was chosen stays", () => {
  expect(qualities([720, 360], "best")).toEqual(["best", "max", "720", "360", "m4a", "mp3"]);
  expect(qualities([720, 360], "1080")).toEqual(["best", "max", "1080", "720", "360", "m4a", "mp3"]);
  expect(qualities([], "mp3")).toContain("2160");
});

test("several languages", () => {
  expect(optionsOf({ ...NOTHING_SPECIAL, subtitles: "hu,pt-BR" }, false)).toEqual({ subtitles: ["hu", "pt-BR"] });
});

test("how it travels, and how long a live stream may be", () => {
  const wished = { ...NOTHING_SPECIAL, copy: true, browser: true, rate: "500", live: "1:30:00" };
  expect(optionsOf(wished, false)).toEqual({
    never_transcode: true,
    impersonate: true,
    rate_limit: 500_000,
    live_max: 5400,
  });
  // A browser goes without a proxy: the server refuses both together.
  expect(optionsOf({ ...wished, copy: false, rate: "", live: "", proxy: " socks5://host:1 " }, false)).toEqual({
    proxy: "socks5://host:1",
  });
});

test("the page of a link, and a live stream from its start", () => {
  const wished = { ...NOTHING_SPECIAL, referer: " https://site.example/page ", fromStart: true };
  expect(optionsOf(wished, false)).toEqual({ referer: "https://site.example/page", live_from_start: true });
});

test("a download that is tried again has the wishes that it had", () => {
  const options = {
    referer: "https://site.example/page",
    live_from_start: true,
    extractor_args: { youtube: { player_client: ["tv"] } },
    max_height: 4320,
    subtitles: ["fr"],
    audio_languages: ["de", "original"],
    start: 63,
    proxy: "socks5://proxy.test:1080",
    rate_limit: 50_000,
  };
  expect(optionsOf(wishesOf(options, "Trips"), false)).toEqual(options);
});

test("a height switches the audio of a preset off, the quality of the preset does not", () => {
  const wishes = { ...NOTHING_SPECIAL, preset: "Music" };
  expect(optionsOf({ ...wishes, quality: "720" }, false)).toEqual({ max_height: 720, audio: null });
  expect(optionsOf(wishes, false)).toEqual({});
});
