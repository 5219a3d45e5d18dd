import { afterEach, expect, test } from "vitest";
import { isCovered } from "./shortcuts";

afterEach(() => {
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
