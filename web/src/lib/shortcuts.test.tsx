import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { isCovered, type Shortcut, shortcutsNow, useShortcuts } from "./shortcuts";

afterEach(() => {
  cleanup();
  document.body.innerHTML = "";
});

test("a toast leaves the keys to the page", () => {
  document.body.innerHTML = '<div role="dialog" aria-modal="false" data-slot="toast"></div>';
  expect(isCovered()).toBe(false);
});

test("a dialog and a menu take the keys, with a toast too", () => {
  const toast = '<div role="alertdialog" data-slot="toast"></div>';
  for (const role of ["dialog", "alertdialog", "menu", "listbox"]) {
    document.body.innerHTML = `${toast}<div role="${role}"></div>`;
    expect(isCovered(), role).toBe(true);
  }
});

const key = (shown: string, on: string[], run = () => {}): Shortcut => ({ on, shown, label: `does ${shown}`, run });

function Page({ keys, enabled }: { keys: Shortcut[]; enabled?: boolean }) {
  useShortcuts(keys, { enabled });
  return <input aria-label="field" />;
}

function Grid({ keys }: { keys: Shortcut[] }) {
  const grid = useRef<HTMLDivElement>(null);
  useShortcuts(keys, { within: grid });
  return (
    <div ref={grid} role="grid">
      <div role="gridcell" tabIndex={0}>
        cell
      </div>
    </div>
  );
}

const names = () => shortcutsNow().map(({ shown }) => shown);

test("the list has the shortcuts of what is shown, those of the page first, and no other", () => {
  const { rerender } = render(
    <>
      <Page keys={[key("A", ["a"])]} />
      <Grid keys={[key("X", ["x"]), key("", ["y"])]} />
    </>,
  );
  expect(names()).toEqual(["X", "A"]);
  rerender(<Page keys={[key("A", ["a"])]} />);
  expect(names()).toEqual(["A"]);
  rerender(<Page keys={[key("A", ["a"])]} enabled={false} />);
  expect(names()).toEqual([]);
});

test("a key runs its shortcut, but not while something is typed", () => {
  const run = vi.fn();
  render(<Page keys={[key("A", ["a"], run)]} />);
  fireEvent.keyDown(document.body, { key: "a" });
  expect(run).toHaveBeenCalledTimes(1);
  fireEvent.keyDown(screen.getByLabelText("field"), { key: "a" });
  expect(run).toHaveBeenCalledTimes(1);
});

test("a key of a part works only in it, Enter and Space on its cells too", () => {
  const run = vi.fn();
  render(<Grid keys={[key("X", ["x", " "], run)]} />);
  fireEvent.keyDown(document.body, { key: "x" });
  expect(run).not.toHaveBeenCalled();
  fireEvent.keyDown(screen.getByRole("gridcell"), { key: "x" });
  fireEvent.keyDown(screen.getByRole("gridcell"), { key: " " });
  expect(run).toHaveBeenCalledTimes(2);
});
