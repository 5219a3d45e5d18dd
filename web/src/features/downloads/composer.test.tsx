import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { vi } from "vitest";
import { offerLinks } from "@/components/add-store";
import { onChoice } from "@/lib/preferences";
import { renderPart } from "@/test/render";
import { Composer } from "./composer";
import { SETTLE } from "./preview";

const box = () => screen.getByRole("textbox", { name: "Paste a link" });
const type = (words: string) => fireEvent.change(box(), { target: { value: words } });
const enter = () => fireEvent.keyDown(box(), { key: "Enter" });
let sent: unknown[] = [];

let previewed: unknown[] = [];

/** Answers what is submitted, once `ready`; a link that names `refused` is refused. */
function server(ready: Promise<void> = Promise.resolve()) {
  sent = [];
  previewed = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.url.endsWith("/api/preview")) previewed.push(await request.json());
    if (request.url.endsWith("/api/presets"))
      return Response.json({ presets: [{ name: "Phone", options: { max_height: 480, subtitles: ["en"] } }] });
    if (request.method !== "POST" || !request.url.endsWith("/api/downloads"))
      return Response.json({ code: "not_found" }, { status: 404 });
    const body = await request.json();
    sent.push(body);
    await ready;
    return body.url.includes("refused")
      ? Response.json({ code: "invalid_url", detail: "x" }, { status: 400 })
      : Response.json({ id: sent.length, url: body.url, state: "queued", options: {} }, { status: 201 });
  });
}

beforeAll(() => import("./wish-panel"), 30_000); // it is loaded with the first link
beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
  server();
});
afterEach(() => void vi.unstubAllGlobals());

test("Enter sends the link, and the box is empty again", async () => {
  const done = vi.fn();
  await renderPart(<Composer onSent={done} />);
  type("https://site.test/film");
  enter();
  await waitFor(() => expect(done).toHaveBeenCalled());
  expect(sent).toMatchObject([{ url: "https://site.test/film", folder: "" }]);
  expect(box()).toHaveValue("");
});

test("each of several links is sent once, in their order", async () => {
  await renderPart(<Composer />);
  type("https://site.test/a\nhttps://site.test/b https://site.test/a");
  enter();
  await waitFor(() => expect(box()).toHaveValue(""));
  expect(sent).toMatchObject([{ url: "https://site.test/a" }, { url: "https://site.test/b" }]);
});

test("a refused link stays, with its reason", async () => {
  await renderPart(<Composer />);
  type("https://site.test/refused\nhttps://site.test/b");
  enter();
  expect(await screen.findByRole("alert")).toHaveTextContent("https://site.test/refused");
  expect(box()).toHaveValue("https://site.test/refused");
});

test("a link that is being sent is not looked at before", async () => {
  let answer = () => {};
  server(new Promise((resolve) => (answer = resolve)));
  await renderPart(<Composer />);
  type("https://site.test/film");
  await screen.findByRole("button", { name: "Download" });
  enter();
  await waitFor(() => expect(sent).toHaveLength(1));
  await new Promise((passed) => setTimeout(passed, 2 * SETTLE));
  expect(previewed).toEqual([]);
  answer();
  await waitFor(() => expect(box()).toHaveValue(""));
});

test("a link that is typed while another one is being sent stays", async () => {
  let answer = () => {};
  server(new Promise((resolve) => (answer = resolve)));
  const done = vi.fn();
  await renderPart(<Composer onSent={done} />);
  type("https://site.test/film");
  enter();
  await waitFor(() => expect(sent).toHaveLength(1));
  type("https://site.test/next");
  await act(async () => answer());
  await new Promise((passed) => setTimeout(passed, 50));
  expect(box()).toHaveValue("https://site.test/next");
  expect(done).not.toHaveBeenCalled();
});

test("words without a link send nothing, and say why", async () => {
  await renderPart(<Composer />);
  type("just words");
  enter();
  expect(screen.getByText(/^No link found/)).toBeInTheDocument();
  expect(sent).toEqual([]);
});

test("typed text is kept over a reload of the page", async () => {
  const { unmount } = await renderPart(<Composer />);
  type("https://site.test/film");
  unmount();
  await renderPart(<Composer />);
  expect(box()).toHaveValue("https://site.test/film");
});

const last = (choice: object) => localStorage.setItem("mf.add.last", JSON.stringify(choice));

test("the preset and the quality of the last download go with the next link, and are named", async () => {
  last({ preset: "Phone", quality: "720" });
  await renderPart(<Composer />);
  type("https://site.test/film");
  expect(await screen.findByRole("combobox", { name: "Preset" })).toHaveTextContent("Phone");
  expect(screen.getByRole("combobox", { name: "Quality" })).toHaveTextContent("Up to 720p");
  expect(screen.getByText("Preset: Up to 480p · Subtitles: en")).toBeInTheDocument();
  enter();
  await waitFor(() => expect(sent).toMatchObject([{ preset: "Phone", options: { max_height: 720 } }]));
});

test("without another quality that of the preset counts", async () => {
  last({ preset: "Phone" });
  await renderPart(<Composer />);
  type("https://site.test/film");
  expect(await screen.findByRole("combobox", { name: "Quality" })).toHaveTextContent("As in the preset");
  enter();
  await waitFor(() => expect(sent).toMatchObject([{ preset: "Phone", options: {} }]));
});

test("what a download is edited with is not remembered", async () => {
  const told: object[] = [];
  const stop = onChoice((change) => told.push(change));
  await renderPart(<Composer text="https://site.test/film" folder="Music" options={{ audio: "mp3" }} />);
  enter();
  await waitFor(() => expect(sent).toMatchObject([{ folder: "Music", options: { audio: "mp3" } }]));
  await waitFor(() => expect(box()).toHaveValue(""));
  stop();
  expect(told).toEqual([]);
});

test("a preset that was removed is not sent again", async () => {
  last({ preset: "Gone" });
  await renderPart(<Composer />);
  type("https://site.test/film");
  await screen.findByRole("combobox", { name: "Preset" });
  enter();
  await waitFor(() => expect(sent).toMatchObject([{ preset: null }]));
});

test("pasted links go into one box: the one that was shown last", async () => {
  await renderPart(
    <>
      <Composer />
      <Composer text="https://site.test/first" />
    </>,
  );
  act(() => offerLinks("https://site.test/second"));
  expect(
    screen.getAllByRole("textbox", { name: "Paste a link" }).map((each) => (each as HTMLTextAreaElement).value),
  ).toEqual(["", "https://site.test/first\nhttps://site.test/second"]);
});
