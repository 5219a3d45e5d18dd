/**
 * Stored data of this browser, in `storage.local`: never in `sync`, which would leave this machine.
 *
 * A cookie is never kept, not even while the server is unreachable.
 */

export interface Server {
  url: string;
  /** The server's public key, base64url, pinned when pairing. */
  key: string;
  device: number;
  /** The proof of this device, base64url. */
  token: string;
  name: string;
}

/** A link on its way to the server. */
export interface Wish {
  url: string;
  folder?: string;
  /** Only the sound, in this format; null: the picture, whatever the preset says. */
  audio?: "m4a" | null;
  /** At most this many lines of picture. */
  max_height?: number;
  /** The name of the options that are below these. */
  preset?: string;
}

/** A link that the server did not want, and why: shown when the popup opens next. */
export interface Refusal {
  url: string;
  code: string;
  facts: string[];
}

export interface Parked {
  id: number;
  title: string | null;
  url: string;
  site: string;
  code: string;
}

/** The latest state from the server. */
export interface Seen {
  parked: Parked[];
  folders: string[];
  presets?: string[];
  /** The newest finished download that was announced. */
  done: number;
}

interface Kept {
  server: Server;
  outbox: Wish[];
  seen: Seen;
  refusal: Refusal | null;
  /** The last choices in the popup, see `popup.ts`: "" for the default, the top folder, no preset. */
  quality: string;
  folder: string;
  preset: string;
}

const NOTHING_SEEN: Seen = { parked: [], folders: [], done: 0 };

async function get<K extends keyof Kept>(name: K): Promise<Kept[K] | undefined> {
  return ((await chrome.storage.local.get(name)) as Partial<Kept>)[name];
}

export const server = () => get("server");
export const refusal = async () => (await get("refusal")) ?? undefined;
export const quality = async () => (await get("quality")) ?? "";
export const folder = async () => (await get("folder")) ?? "";
export const preset = async () => (await get("preset")) ?? "";
export const outbox = async () => (await get("outbox")) ?? [];
export const seen = async () => (await get("seen")) ?? NOTHING_SEEN;

export async function keep(what: Partial<Kept>): Promise<void> {
  await chrome.storage.local.set(what);
}

export async function forget(): Promise<void> {
  await chrome.storage.local.remove(["server", "outbox", "seen", "refusal", "quality", "folder", "preset"]);
}
