import assert from "node:assert/strict";
import { createCipheriv, hkdfSync } from "node:crypto";
import { beforeEach, test } from "node:test";
import { type Bytes, fromBase64url, random, toBase64url, utf8 } from "../../src/lib/bytes.ts";
import * as calls from "../../src/lib/calls.ts";
import * as outbox from "../../src/lib/outbox.ts";
import { parsePairing } from "../../src/lib/pairing.ts";
import { CALL, REPLY, suite } from "../../src/lib/seal.ts";
import * as store from "../../src/lib/store.ts";
import { browser } from "./browser.ts";

const pair = await suite.kem.generateKeyPair();
const publicKey = new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)) as Bytes;
type Answer = (plain: Record<string, string>) => unknown;
let answer: Answer;
let got: Record<string, string>[] = [];
let away = false;
let fake = browser();

/** A server of one's own: it opens what comes and seals what `answer` says. */
async function serve(url: string, { body }: { body: string }): Promise<Response> {
  if (away) throw new TypeError("Failed to fetch");
  assert.equal(url, "http://nas.test:8787/api/ext/send");
  const box = fromBase64url(JSON.parse(body).box);
  const context = { recipientKey: pair.privateKey, enc: box.slice(0, 32), info: utf8(CALL) };
  const opened = await (await suite.createRecipientContext(context)).open(box.slice(32));
  const plain = JSON.parse(new TextDecoder().decode(opened));
  got.push(plain);
  const said = answer(plain);
  if (said instanceof Response) return said;
  const key = new Uint8Array(hkdfSync("sha256", fromBase64url(plain.token), fromBase64url(plain.nonce), REPLY, 32));
  const iv = random(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(said)), cipher.final(), cipher.getAuthTag()]);
  return Response.json({ box: toBase64url(sealed) });
}

const PAIRING = {
  url: "http://nas.test:8787",
  key: toBase64url(publicKey),
  code: "a-code-that-is-long-enough",
  name: "nas",
};
const text = (fields: object) => `mf1.${toBase64url(utf8(JSON.stringify(fields)))}`;

beforeEach(() => {
  fake = browser();
  got = [];
  away = false;
  answer = () => ({ device: 7, name: "MediaFetcher" });
  globalThis.fetch = serve as typeof fetch;
});

test("pairing sends the code with a token made here, and keeps who the server is", async () => {
  const server = await calls.pair(parsePairing(text(PAIRING)), "Chromium");
  assert.equal(got[0]?.code, PAIRING.code);
  assert.equal(fromBase64url(got[0]?.token ?? "").length, 32);
  assert.deepEqual(fake.stored.server, server);
  assert.deepEqual([server.device, server.key, server.url], [7, PAIRING.key, PAIRING.url]);
});

test("every call has its own nonce, the time, and the device", async () => {
  await calls.pair(parsePairing(text(PAIRING)), "Chromium");
  await calls.state();
  await calls.state();
  assert.equal(new Set(got.map((one) => one.nonce)).size, 3);
  assert.equal(Number(got[2]?.device), 7);
  assert.ok(Math.abs(Number(got[2]?.time) - Date.now() / 1000) < 5);
});

test("an answer that is not sealed for this call is not believed", async () => {
  await calls.pair(parsePairing(text(PAIRING)), "Chromium");
  answer = () => Response.json({ box: toBase64url(random(80)) });
  await assert.rejects(calls.state(), { code: "bad_server" });
  answer = () => Response.json({ ok: true });
  await assert.rejects(calls.state(), { code: "bad_server" });
});

test("refusals keep their code", async () => {
  await assert.rejects(calls.state(), { code: "not_paired" });
  await calls.pair(parsePairing(text(PAIRING)), "Chromium");
  answer = () => Response.json({ code: "clock" }, { status: 409 });
  await assert.rejects(calls.state(), { code: "clock" });
  answer = () => ({ error: "bad_cookies", message: "none" });
  await assert.rejects(calls.sendCookies("s.test", []), { code: "bad_cookies", facts: ["none"] });
  away = true;
  await assert.rejects(calls.state(), { code: "unreachable" });
});

test("links wait while the server is away, and leave in order", async () => {
  await calls.pair(parsePairing(text(PAIRING)), "Chromium");
  away = true;
  assert.equal(await outbox.submit({ url: "https://a.test/" }), "waiting");
  assert.equal(await outbox.submit({ url: "https://b.test/", folder: "Music" }), "waiting");
  assert.equal(await outbox.flush(), 0);
  away = false;
  got = [];
  assert.deepEqual(await Promise.all([outbox.flush(), outbox.flush()]), [2, 2]);
  assert.deepEqual(
    got.map((one) => [one.op, one.url, one.folder]),
    [
      ["download", "https://a.test/", undefined],
      ["download", "https://b.test/", "Music"],
    ],
  );
  assert.deepEqual(fake.stored.outbox, []);
});

test("a link that is refused for good does not hold up the others", async () => {
  await calls.pair(parsePairing(text(PAIRING)), "Chromium");
  fake.stored.outbox = [{ url: "https://bad.test/" }, { url: "https://good.test/" }];
  answer = (plain) => (plain.url?.includes("bad") ? { error: "invalid_url", message: "" } : { id: 1, state: "queued" });
  assert.equal(await outbox.flush(), 1);
  assert.deepEqual(fake.stored.outbox, []);
  assert.deepEqual(await store.refusal(), { url: "https://bad.test/", code: "invalid_url", facts: [""] });
  await assert.rejects(outbox.submit({ url: "https://bad.test/" }), { code: "invalid_url" });
  assert.deepEqual(fake.stored.outbox, []);
});

test("a pairing code is read strictly", () => {
  assert.equal(
    parsePairing(` ${text({ ...PAIRING, url: "https://nas.test/media/" })}\n`).url,
    "https://nas.test/media",
  );
  const wrong = [
    "",
    "mf1.",
    "mf2.abc",
    text({ ...PAIRING, url: "ftp://nas.test" }),
    text({ ...PAIRING, url: "http://user@nas.test" }),
    text({ ...PAIRING, key: toBase64url(random(31)) }),
    text({ ...PAIRING, code: "short" }),
    text({ ...PAIRING, name: 5 }),
    `mf1.${toBase64url(utf8("not json"))}`,
  ];
  for (const one of wrong) assert.throws(() => parsePairing(one), { code: "bad_pairing" }, one);
});
