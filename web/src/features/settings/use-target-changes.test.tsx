import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import { vi } from "vitest";
import { createMutationCache } from "@/api/mutations";
import type { Target } from "@/api/types";
import { targetsQuery, useTargetChanges } from "./use-target-changes";

test("a list that comes between two changes does not undo the second one", async () => {
  const server: Target = { id: 1, events: ["a", "b", "c"] } as unknown as Target;
  const answers: (() => void)[] = []; // of the changes, in the order of the requests
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method !== "PATCH") return Response.json({ targets: [{ ...server }] });
    const change = await request.json();
    await new Promise<void>((done) => answers.push(done));
    Object.assign(server, change);
    return Response.json(server);
  });
  const client = new QueryClient({ mutationCache: createMutationCache(() => {}) });
  const { result } = renderHook(() => ({ changes: useTargetChanges(), list: useQuery(targetsQuery).data?.targets }), {
    wrapper: ({ children }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>,
  });
  const events = () => result.current.list?.map(result.current.changes.shown)[0]?.events;
  await waitFor(() => expect(events()).toEqual(["a", "b", "c"]));
  act(() => void result.current.changes.change(1, { events: ["b", "c"] }));
  act(() => void result.current.changes.change(1, { events: ["c"] }));
  expect(events()).toEqual(["c"]);
  await waitFor(() => expect(answers).toHaveLength(1)); // one after the other
  await act(async () => answers[0]?.());
  await waitFor(() => expect(result.current.list?.[0]?.events).toEqual(["b", "c"]));
  expect(events()).toEqual(["c"]);
  await waitFor(() => expect(answers).toHaveLength(2));
  await act(async () => answers[1]?.());
  await waitFor(() => expect(result.current.list?.[0]?.events).toEqual(["c"]));
  expect(events()).toEqual(["c"]);
});
