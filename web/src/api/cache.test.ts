import { QueryObserver } from "@tanstack/react-query";
import { Cache } from "./cache";

const queryKey = ["list"];

test("what is invalidated while it loads for the first time is loaded again", async () => {
  const cache = new Cache();
  const asked: ((answer: string[]) => void)[] = [];
  const queryFn = () => new Promise<string[]>((answer) => asked.push(answer));
  const stop = new QueryObserver(cache, { queryKey, queryFn }).subscribe(() => {});
  await vi.waitFor(() => expect(asked.length).toBe(1));
  void cache.invalidateQueries({ queryKey });
  void cache.invalidateQueries({ queryKey }); // two changes need one request
  asked[0]?.(["before"]);
  await vi.waitFor(() => expect(asked.length).toBe(2));
  expect(cache.getQueryData(queryKey)).toEqual(["before"]); // shown meanwhile
  asked[1]?.(["before", "added"]);
  await vi.waitFor(() => expect(cache.getQueryData(queryKey)).toEqual(["before", "added"]));
  await new Promise((done) => setTimeout(done, 20));
  expect(asked.length).toBe(2);
  stop();
});

test("what fails the first time is not asked for again by itself", async () => {
  const cache = new Cache();
  const queryFn = vi.fn(() => Promise.reject(new Error("no")));
  const stop = new QueryObserver(cache, { queryKey, queryFn, retry: false }).subscribe(() => {});
  void cache.invalidateQueries({ queryKey });
  await vi.waitFor(() => expect(cache.getQueryState(queryKey)?.status).toBe("error"));
  await new Promise((done) => setTimeout(done, 20));
  expect(queryFn).toHaveBeenCalledTimes(1);
  stop();
});
