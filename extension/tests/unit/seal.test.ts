import assert from "node:assert/strict";
import { createCipheriv, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Bytes, fromBase64url, random, toBase64url, utf8 } from "../../src/lib/bytes.ts";
import { CALL, fingerprint, openReply, REPLY, seal, suite } from "../../src/lib/seal.ts";

const vector = JSON.parse(readFileSync(new URL("../rfc9180.json", import.meta.url), "utf8"));
const hex = (text: string): Bytes => Uint8Array.from(Buffer.from(text, "hex"));
const shown = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("hex");

async function keys() {
  const pair = await suite.kem.deriveKeyPair(hex(vector.ikmR));
  return { ...pair, raw: new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)) as Bytes };
}

test("RFC 9180: the recipient's key is derived as written there", async () => {
  assert.equal(shown((await keys()).raw), vector.pkRm);
});

test("RFC 9180: sealing with the vector's ephemeral key gives its bytes", async () => {
  const ekm = await suite.kem.deriveKeyPair(hex(vector.ikmE));
  const { publicKey } = await keys();
  const sender = await suite.createSenderContext({ recipientPublicKey: publicKey, info: hex(vector.info), ekm });
  assert.equal(shown(sender.enc), vector.enc);
  assert.equal(shown(await sender.seal(hex(vector.pt), hex(vector.aad))), vector.ct);
  for (const [context, value] of Object.entries(vector.exports))
    assert.equal(shown(await sender.export(hex(context), 32)), value);
});

test("RFC 9180: the vector's message opens", async () => {
  const { privateKey } = await keys();
  const recipient = await suite.createRecipientContext({
    recipientKey: privateKey,
    enc: hex(vector.enc),
    info: hex(vector.info),
  });
  assert.equal(shown(await recipient.open(hex(vector.ct), hex(vector.aad))), vector.pt);
});

async function open(box: Bytes, info = CALL): Promise<Uint8Array> {
  const { privateKey } = await keys();
  const context = { recipientKey: privateKey, enc: box.slice(0, 32), info: utf8(info) };
  return new Uint8Array(await (await suite.createRecipientContext(context)).open(box.slice(32)));
}

test("a sealed message opens with its key, for its purpose, unaltered; nothing else does", async () => {
  const { raw } = await keys();
  const plain = utf8("a message");
  const box = await seal(raw, plain);
  assert.deepEqual(await open(box), plain);
  await assert.rejects(open(box, "another purpose"));
  for (const at of [0, 31, 32, box.length - 1]) {
    const altered = box.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    await assert.rejects(open(altered), `byte ${at}`);
  }
  const other = await suite.kem.generateKeyPair();
  const wrong = new Uint8Array(await suite.kem.serializePublicKey(other.publicKey)) as Bytes;
  await assert.rejects(open(await seal(wrong, plain)));
});

test("two seals of one message differ", async () => {
  const { raw } = await keys();
  assert.notDeepEqual(await seal(raw, utf8("x")), await seal(raw, utf8("x")));
});

function reply(token: Bytes, nonce: Bytes, plain: string): Bytes {
  const key = new Uint8Array(hkdfSync("sha256", token, nonce, REPLY, 32));
  const iv = random(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return Uint8Array.from(Buffer.concat([iv, body]));
}

test("an answer opens with this token and this call's nonce only", async () => {
  const [token, nonce] = [random(32), random(16)];
  const box = reply(token, nonce, "an answer");
  assert.deepEqual(await openReply(token, nonce, box), utf8("an answer"));
  await assert.rejects(openReply(random(32), nonce, box));
  await assert.rejects(openReply(token, random(16), box));
  box[box.length - 1] = (box.at(-1) ?? 0) ^ 1;
  await assert.rejects(openReply(token, nonce, box));
});

test("the fingerprint of a known key", async () => {
  assert.equal(await fingerprint(hex(vector.pkRm)), vector.fingerprint);
});

test("base64url goes there and back, and takes nothing else", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = random(length);
    assert.deepEqual(fromBase64url(toBase64url(bytes)), bytes);
    assert.equal(toBase64url(bytes), Buffer.from(bytes).toString("base64url"));
  }
  assert.throws(() => fromBase64url("a+b/"));
});
