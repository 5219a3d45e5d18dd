/** Light, dark, or as the device wishes. `public/theme.js` does the same before the first paint. */
import { useSyncExternalStore } from "react";
import { announce } from "./preferences";

export type Theme = "system" | "light" | "dark";

const KEY = "mf.theme";
const device = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

const chosen = () => (localStorage.getItem(KEY) as Theme | null) ?? "system";
const isDark = () => (chosen() === "system" ? device.matches : chosen() === "dark");

function apply() {
  document.documentElement.classList.toggle("dark", isDark());
  for (const listener of listeners) listener();
}

/** Choose a theme, in this browser and on the server. */
export function setTheme(theme: Theme) {
  keepTheme(theme);
  announce({ theme });
}

export function keepTheme(theme: Theme) {
  if (theme === chosen()) return;
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  apply();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const useTheme = () => useSyncExternalStore(subscribe, chosen);
export const useDark = () => useSyncExternalStore(subscribe, isDark);

device.addEventListener("change", apply);
