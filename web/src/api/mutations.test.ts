import { MutationObserver, type MutationOptions, QueryClient } from "@tanstack/react-query";
import { vi } from "vitest";
import { ApiError } from "./client";
import { createMutationCache, EVERYTHING } from "./mutations";

const REFUSED = new ApiError("wrong_state", 409, "no");

/** Runs a mutation. Returns: the errors that the user saw, and the keys that were invalidated. */
async function run(options: MutationOptions<unknown, Error, void>) {
  const shown: unknown[] = [];
  const client = new QueryClient({ mutationCache: createMutationCache((error) => shown.push(error)) });
  const reload = vi.spyOn(client, "invalidateQueries");
  await new MutationObserver(client, options).mutate().catch(() => {});
  return { shown, keys: reload.mock.calls.map(([filters]) => filters?.queryKey) };
}

test("a mutation that fails shows its error and invalidates its queries", async () => {
  const mutationFn = () => Promise.reject(REFUSED);
  const { shown, keys } = await run({ mutationFn, meta: { invalidates: [["items"], ["folders"]] } });
  expect(shown).toEqual([REFUSED]);
  expect(keys).toEqual([["items"], ["folders"]]);
});

test("a mutation that succeeds invalidates its queries and shows nothing", async () => {
  const { shown, keys } = await run({ mutationFn: async () => 1, meta: { invalidates: [EVERYTHING] } });
  expect(shown).toEqual([]);
  expect(keys).toEqual([[]]);
});

test("an error that the component handles is not shown", async () => {
  const mutationFn = () => Promise.reject(REFUSED);
  expect((await run({ mutationFn, meta: { handles: ["wrong_state"] } })).shown).toEqual([]);
  expect((await run({ mutationFn, meta: { handles: "all" } })).shown).toEqual([]);
  expect((await run({ mutationFn, meta: { handles: ["internal"] } })).shown).toEqual([REFUSED]);
});

test("a mutation with awaited queries ends when they are loaded", async () => {
  const client = new QueryClient({ mutationCache: createMutationCache(() => {}) });
  let loaded = () => {};
  vi.spyOn(client, "invalidateQueries").mockReturnValue(
    new Promise((done) => {
      loaded = done;
    }),
  );
  let ended = false;
  const options = { mutationFn: async () => 1, meta: { awaits: [["folders"]] } };
  const running = new MutationObserver(client, options).mutate().then(() => {
    ended = true;
  });
  await new Promise((done) => setTimeout(done, 20));
  expect(ended).toBe(false);
  loaded();
  await running;
});
