/**
 * The only way to the server: `POST /api/ext/send` with a sealed call. Inside are the device, its token, a nonce
 * that serves once, and the time; the answer is sealed too.
 */
import { type Bytes, fromBase64url, random, toBase64url, utf8 } from "./bytes.ts";
import type { Cookie } from "./cookies.ts";
import type { Pairing } from "./pairing.ts";
import { Problem } from "./problem.ts";
import { openReply, seal } from "./seal.ts";
import type { Parked, Server, Wish } from "./store.ts";
import * as store from "./store.ts";

export const PATH = "/api/ext/send";
const PATIENCE = 20_000; // ms

export interface State {
  name: string;
  version: string;
  running: number;
  parked: Parked[];
  done: { id: number; title: string | null }[];
  folders: string[];
  /** Names; older servers do not send them. */
  presets?: string[];
}

export interface CookiesKept {
  site: string;
  kept: number;
  /** How many downloads that waited for these cookies continue now. */
  resumed: number;
}

interface Whom {
  url: string;
  key: Bytes;
  token: Bytes;
  device: number | null;
}

/** Make this browser a device of that server, and keep it. Throws `Problem`. */
export async function pair(pairing: Pairing, name: string): Promise<Server> {
  const token = random(32); // made here: only the holder of the private key can read it
  const whom = { url: pairing.url, key: pairing.key, token, device: null };
  const answer = await call<{ device: number; name: string }>(whom, "pair", { code: pairing.code, name });
  const server = {
    url: pairing.url,
    key: toBase64url(pairing.key),
    device: answer.device,
    token: toBase64url(token),
    name: answer.name || pairing.name,
  };
  await store.forget();
  await store.keep({ server });
  return server;
}

export const state = () => send<State>("state", {});
export const download = (wish: Wish) => send<{ id: number; state: string }>("download", { ...wish });
export const sendCookies = (site: string, cookies: Cookie[]) => send<CookiesKept>("cookies", { site, cookies });

async function send<T>(op: string, fields: Record<string, unknown>): Promise<T> {
  const server = await store.server();
  if (!server) throw new Problem("not_paired");
  const { url, key, token, device } = server;
  return call<T>({ url, key: fromBase64url(key), token: fromBase64url(token), device }, op, fields);
}

async function call<T>(whom: Whom, op: string, fields: Record<string, unknown>): Promise<T> {
  const nonce = random(16);
  const plain = {
    ...fields,
    op,
    device: whom.device,
    token: toBase64url(whom.token),
    nonce: toBase64url(nonce),
    time: Math.floor(Date.now() / 1000),
  };
  const box = await seal(whom.key, utf8(JSON.stringify(plain)));
  const response = await post(whom.url + PATH, JSON.stringify({ box: toBase64url(box) }));
  if (!response.ok) throw await refused(response);
  const answer = await open(whom.token, nonce, response);
  if (typeof answer.error === "string") throw new Problem(answer.error, String(answer.message ?? ""));
  return answer as T;
}

async function post(url: string, body: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
      credentials: "omit",
      redirect: "error",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new Problem("unreachable");
  }
}

/** A refusal before the box was opened is not sealed, so only its code is taken, and only for words. */
async function refused(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}));
  const away = response.status >= 500 ? "unreachable" : `http_${response.status}`;
  return new Problem(typeof body?.code === "string" && /^\w+$/.test(body.code) ? body.code : away);
}

async function open(token: Bytes, nonce: Bytes, response: Response): Promise<Record<string, unknown>> {
  try {
    const { box } = await response.json();
    return JSON.parse(new TextDecoder().decode(await openReply(token, nonce, fromBase64url(box))));
  } catch {
    throw new Problem("bad_server");
  }
}
