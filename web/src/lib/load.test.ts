import { entryOf, load } from "./load";

test("the build of a page is the name of its first script", () => {
  expect(entryOf('<script type="module" crossorigin src="/assets/index-DO5tuxBb.js"></script>')).toBe(
    "index-DO5tuxBb.js",
  );
  expect(entryOf("<p>no page</p>")).toBeUndefined();
});

test("a part is asked for again until it comes", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no server")));
  let tries = 0;
  const loaded = load(async () => {
    if (++tries < 6) throw new Error("gone");
    return "part";
  });
  await vi.runAllTimersAsync();
  expect(await loaded).toBe("part");
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
