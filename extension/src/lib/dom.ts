/** Short ways to the page's own elements. */

export function $<T extends HTMLElement = HTMLElement>(selector: string): T {
  const element = document.querySelector<T>(selector);
  if (!element) throw new Error(`no ${selector} in this page`);
  return element;
}

export type Mood = "" | "good" | "bad";

/** The one line that says how it went; it is read out. */
export function say(text: string, mood: Mood = ""): void {
  const line = $("#status");
  line.textContent = text;
  line.className = `status ${mood}`;
}

/** Run the work of a button with the button out of reach, so that it is not done twice. */
export async function busy(button: HTMLButtonElement, work: () => Promise<void>, failed: (error: unknown) => void) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    failed(error);
  } finally {
    button.disabled = false;
  }
}
