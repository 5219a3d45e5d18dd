import { fireEvent, screen, waitFor } from "@testing-library/react";
import { vi } from "vitest";
import { renderPart } from "@/test/render";
import { Phone } from "./phone";

afterEach(() => void vi.unstubAllGlobals());

test("a key stays on the page when the next one is refused", async () => {
  const names: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    names.push((await request.json()).name);
    return names.length === 1
      ? Response.json({ id: 1, token: "the-key" }, { status: 201 })
      : Response.json({ code: "internal", detail: "x" }, { status: 500 });
  });
  await renderPart(<Phone />);
  const create = (name: string) => {
    fireEvent.change(screen.getByRole("textbox", { name: "Name of the phone" }), { target: { value: name } });
    fireEvent.click(screen.getByRole("button", { name: "Create key" }));
  };
  create("one");
  const key = await screen.findByDisplayValue("Bearer the-key");
  create("two");
  await waitFor(() => expect(names).toEqual(["one", "two"]));
  expect(key).toBeInTheDocument();
});
