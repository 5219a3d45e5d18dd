import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { useState } from "react";
import { vi } from "vitest";
import type { Subscription } from "@/api/types";
import { Toaster } from "@/components/ui/toast";
import { renderPart } from "@/test/render";
import LinkDialog from "./link-dialog";

afterEach(() => void vi.unstubAllGlobals());

function Page() {
  const [open, setOpen] = useState(true);
  const one = { id: 1, url: "https://example.org/old" } as Subscription;
  return (
    <>
      <Toaster closeLabel="Close" label="Messages" />
      {open && <LinkDialog one={one} onClose={() => setOpen(false)} />}
    </>
  );
}

test("a change is reported if its dialog is closed before the answer", async () => {
  let answer = () => {};
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method !== "PATCH") return Response.json({});
    await new Promise<void>((done) => (answer = done));
    return Response.json({ id: 1 });
  });
  await renderPart(<Page />);
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "https://example.org/new" } });
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(screen.getByRole("button", { name: "Save" })).toBeDisabled());
  fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  await waitFor(() => expect(screen.queryByRole("textbox")).toBeNull());
  await act(async () => answer());
  expect(await screen.findByText("Saved")).toBeInTheDocument();
});
