import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { vi } from "vitest";
import { renderPart } from "@/test/render";
import PresetsDialog from "./presets-dialog";

const KEPT = { proxy: "socks5://host:1080", rate_limit: 500_000, audio_languages: ["de"] };
let saved: { name: string; options: object }[] = [];

beforeEach(() => {
  saved = [];
  const presets = [{ name: "Phone", options: { max_height: 480, ...KEPT } }];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/presets") return Response.json({ presets });
    if (request.method !== "PUT") return Response.json({ code: "not_found" }, { status: 404 });
    const name = decodeURIComponent(pathname.split("/").at(-1) ?? "");
    saved.push({ name, ...(await request.json()) });
    return Response.json({ name, options: {} });
  });
});
afterEach(() => void vi.unstubAllGlobals());

const show = () => renderPart(<PresetsDialog onClose={() => {}} onRemoved={() => {}} onSaved={() => {}} />);
const save = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("an edited preset keeps the options that the form has no field for", async () => {
  await show();
  expect(await screen.findByText("Up to 480p · 3 more options")).toBeInTheDocument();
  fireEvent.click(screen.getByRole("button", { name: "Edit preset: Phone" }));
  const form = screen.getByRole("form", { name: "Edit Phone" });
  expect(form).toContainElement(screen.getByRole("textbox", { name: "Name of the preset" }));
  fireEvent.click(screen.getByRole("switch", { name: "Mark sponsored parts" }));
  save("Save preset");
  await waitFor(() =>
    expect(saved).toEqual([{ name: "Phone", options: { max_height: 480, sponsorblock: true, ...KEPT } }]),
  );
});

test("a new preset with the name of another one says what it replaces", async () => {
  await show();
  await screen.findByText(/^Up to 480p/);
  const name = screen.getByRole("textbox", { name: "Name of the preset" });
  fireEvent.change(name, { target: { value: "New one" } });
  expect(screen.queryByRole("alert")).toBeNull();
  fireEvent.change(name, { target: { value: " phone " } }); // the server regards no case
  expect(screen.getByRole("alert")).toHaveTextContent("There is a preset Phone already: Up to 480p · 3 more options.");
  save("Replace preset");
  await waitFor(() => expect(saved).toEqual([{ name: "phone", options: {} }]));
});

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
