import { screen } from "@testing-library/react";
import { vi } from "vitest";
import type { Download } from "@/api/types";
import { renderPart } from "@/test/render";
import { Row } from "./row";

const download = (more: Partial<Download>): Download =>
  ({
    id: 7,
    kind: "media",
    state: "running",
    stage: "download",
    progress: 0.5,
    converting: false,
    title: "Night ferry",
    url: "https://site.test/ferry",
    site: "site.test",
    folder: "Watch later",
    options: {},
    created_at: "2026-11-30T10:00:00Z",
    finished_at: null,
    run_after: null,
    error: null,
    children: null,
    poster: null,
    duration: 60,
    size: 1_000_000,
    speed: 2_000_000,
    eta: 30,
    item: null,
    attempt: 1,
    recording: false,
    ...more,
  }) as unknown as Download;
beforeEach(() => void vi.stubGlobal("fetch", async () => Response.json({ code: "not_found" }, { status: 404 })));
afterEach(() => void vi.unstubAllGlobals());
const show = (more: Partial<Download>) => renderPart(<Row download={download(more)} />);

test("a running download says how far it is, how fast, and how long it takes", async () => {
  await show({});
  expect(screen.getByRole("progressbar", { name: "Night ferry" })).toHaveAttribute("aria-valuenow");
  expect(screen.getByText("2 MB/s")).toBeInTheDocument();
  expect(screen.getByText(/left$/)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Pause: Night ferry" })).toBeInTheDocument();
});

test("a finished one is a link to its item", async () => {
  await show({ state: "done", stage: null, item: 12, finished_at: "2026-11-30T10:01:00Z" });
  expect(screen.getByRole("link", { name: "Night ferry" })).toHaveAttribute("href", "/watch/12");
  expect(screen.queryByRole("progressbar")).toBeNull();
});

test("a failed one says what went wrong, what to do, and offers it", async () => {
  await show({ state: "failed", stage: null, error: { code: "gone", message: "x" } as Download["error"] });
  expect(screen.getByText("Nothing found at this link.")).toBeInTheDocument();
  expect(screen.getAllByRole("button", { name: /: Night ferry$/ }).length).toBeGreaterThan(1);
});

test("a list says how many of its entries are done", async () => {
  await show({
    kind: "playlist",
    state: "expanded",
    stage: null,
    children: { done: 6, failed: 1, total: 12 } as never,
  });
  expect(screen.getByText("Playlist")).toBeInTheDocument();
  expect(screen.getByText(/6 of 12 done/)).toHaveTextContent("1 failed");
});

test("a stream that has not begun says when it begins", async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const error = { code: "live_not_started", message: "x" } as Download["error"];
  await show({ state: "scheduled", stage: null, run_after: later, error });
  expect(screen.getByText(/^Starts at /)).toBeInTheDocument();
});
