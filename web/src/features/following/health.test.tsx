import { fireEvent, screen, waitFor } from "@testing-library/react";
import { vi } from "vitest";
import type { Subscription } from "@/api/types";
import { renderPart } from "@/test/render";
import { Moved } from "./health";

const one = (moved_to: string | null) =>
  ({ id: 7, url: "https://a.test/feed", checking: false, moved_to }) as Subscription;
afterEach(() => void vi.unstubAllGlobals());

test("a source that moved names its new link, and one click follows it", async () => {
  const sent: [string, string, string][] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push([request.method, new URL(request.url).pathname, await request.text()]);
    return Response.json(one(null));
  });
  await renderPart(<Moved one={one("https://b.test/feed")} />);
  expect(screen.getByRole("status").textContent).toContain("b.test/feed");
  fireEvent.click(screen.getByRole("button"));
  await waitFor(() => expect(sent).toEqual([["PATCH", "/api/subscriptions/7", '{"url":"https://b.test/feed"}']]));
});

test("a source that stayed shows nothing", async () => {
  await renderPart(<Moved one={one(null)} />);
  expect(screen.queryByRole("status")).toBeNull();
});
