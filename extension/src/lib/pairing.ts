/**
 * The pairing code that the page shows: `mf1.` and base64url of {"url", "key", "code", "name"}.
 *
 * It pins the server's key, so it decides whom this browser trusts from now on: it is read strictly.
 */
import { type Bytes, fromBase64url } from "./bytes.ts";
import { Problem } from "./problem.ts";
import { KEY_LENGTH } from "./seal.ts";

export interface Pairing {
  /** The address of the server, without a slash at the end. */
  url: string;
  key: Bytes;
  /** Serves once, for five minutes. */
  code: string;
  name: string;
}

export function parsePairing(text: string): Pairing {
  try {
    return read(text.trim());
  } catch {
    throw new Problem("bad_pairing");
  }
}

function read(text: string): Pairing {
  const [, encoded] = /^mf1\.([\w-]+)$/.exec(text) ?? [];
  if (!encoded) throw new Error("no pairing code");
  const { url, key, code, name } = JSON.parse(new TextDecoder().decode(fromBase64url(encoded)));
  const address = new URL(url);
  const pinned = fromBase64url(key);
  const fits =
    /^https?:$/.test(address.protocol) &&
    !address.username &&
    pinned.length === KEY_LENGTH &&
    typeof code === "string" &&
    code.length >= 16 &&
    typeof name === "string";
  if (!fits) throw new Error("something is missing");
  return { url: address.origin + address.pathname.replace(/\/+$/, ""), key: pinned, code, name: name.slice(0, 100) };
}

/** The permission that calling this server needs. Ports are no part of such patterns. */
export function originPattern(url: string): string {
  const { protocol, hostname } = new URL(url);
  return `${protocol}//${hostname}/*`;
}
