import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { vi } from "vitest";
import { renderPart } from "@/test/render";
import { General } from "./general";

const box = () => screen.getByRole("textbox", { name: "Further audio languages" });
const type = (text: string) => fireEvent.change(box(), { target: { value: text } });
let stored: string[] | null;
let sent: unknown[];

/** Keeps the preferences; `answers` is whether a request has an answer other than an error. */
function server(answers: (method: string) => boolean | Promise<boolean> = () => true) {
  sent = [];
  stored = ["de", "original"];
  vi.stubGlobal("fetch", async (request: Request) => {
    const change = request.method === "PATCH" ? await request.json() : undefined;
    if (change) sent.push(change);
    if (!(await answers(request.method))) return Response.json({ code: "internal", detail: "x" }, { status: 500 });
    if (change) stored = change.audio_languages;
    return Response.json({ audio_languages: stored });
  });
}

afterEach(() => void vi.unstubAllGlobals());

test("audio languages that are not loaded yet are not erased when the box is left", async () => {
  let arrive: ((ok: boolean) => void) | undefined;
  server(() => new Promise<boolean>((done) => (arrive = done)));
  await renderPart(<General />);
  fireEvent.blur(box());
  expect(box()).toBeDisabled();
  await waitFor(() => expect(arrive).toBeDefined());
  await act(async () => arrive?.(true));
  await waitFor(() => expect(box()).toHaveValue("de, original"));
  expect(box()).toBeEnabled();
  expect(sent).toEqual([]);
});

test("audio languages that cannot be loaded are not erased when the box is left", async () => {
  server(() => false);
  await renderPart(<General />);
  expect(await screen.findByRole("alert")).toBeVisible();
  fireEvent.blur(box());
  await act(async () => {});
  expect(box()).toBeDisabled();
  expect(sent).toEqual([]);
});

test("audio languages are sent by Enter or by leaving the box, and only if they changed", async () => {
  server();
  await renderPart(<General />);
  await waitFor(() => expect(box()).toHaveValue("de, original"));
  fireEvent.blur(box());
  type("de , original");
  fireEvent.blur(box());
  expect(box()).toHaveValue("de, original");
  type("de,fr");
  fireEvent.keyDown(box(), { key: "Enter" });
  fireEvent.blur(box());
  await waitFor(() => expect(stored).toEqual(["de", "fr"]));
  await waitFor(() => expect(box()).toHaveValue("de, fr"));
  type("");
  fireEvent.blur(box());
  await waitFor(() => expect(stored).toBeNull());
  expect(sent).toEqual([{ audio_languages: ["de", "fr"] }, { audio_languages: null }]);
});

test("audio languages that are refused stay in the box and are sent again", async () => {
  server((method) => method === "GET" || sent.length > 1);
  await renderPart(<General />);
  await waitFor(() => expect(box()).toHaveValue("de, original"));
  type("fr");
  fireEvent.blur(box());
  await waitFor(() => expect(sent).toHaveLength(1));
  await act(async () => {});
  expect(box()).toHaveValue("fr");
  fireEvent.blur(box());
  await waitFor(() => expect(stored).toEqual(["fr"]));
});
