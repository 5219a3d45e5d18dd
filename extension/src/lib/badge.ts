/** The few letters on the button: problems that need the user stay, successes disappear. */

export const COLOURS = { busy: "#6b7280", good: "#15803d", attention: "#b45309", bad: "#b91c1c" } as const;

/** For ever, until the next: downloads that wait for cookies, else links that wait for the server, else nothing. */
export async function rest(parked: number, waiting: number): Promise<void> {
  const [text, colour] =
    parked > 0 ? [String(parked), COLOURS.attention] : waiting > 0 ? [`…${waiting}`, COLOURS.busy] : ["", COLOURS.busy];
  await chrome.action.setBadgeBackgroundColor({ color: colour });
  await chrome.action.setBadgeText({ text });
}

/** On one tab, until it is left: how the last click went. */
export async function show(tabId: number | undefined, text: string, colour: keyof typeof COLOURS): Promise<void> {
  try {
    await chrome.action.setBadgeBackgroundColor({ color: COLOURS[colour], tabId });
    await chrome.action.setBadgeText({ text, tabId });
  } catch {
    // The tab was closed in the meantime.
  }
}
