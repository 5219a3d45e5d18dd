import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { vi } from "vitest";
import { renderPart } from "@/test/render";
import PresetsDialog from "./presets-dialog";

afterEach(() => void vi.unstubAllGlobals());

test("two presets that are removed at once are both reported", async () => {
  const answers: (() => void)[] = [];
  const presets = ["one", "two"].map((name) => ({ name, options: {} }));
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method !== "DELETE") return Response.json({ presets });
    await new Promise<void>((done) => answers.push(done));
    return new Response(null, { status: 204 });
  });
  const removed = vi.fn();
  await renderPart(<PresetsDialog onClose={() => {}} onRemoved={removed} onSaved={() => {}} />);
  for (const name of ["one", "two"])
    fireEvent.click(await screen.findByRole("button", { name: `Remove preset: ${name}` }));
  await waitFor(() => expect(answers).toHaveLength(2));
  await act(async () => {
    for (const answer of answers) answer();
  });
  await waitFor(() => expect(removed.mock.calls).toEqual([["one"], ["two"]]));
});
