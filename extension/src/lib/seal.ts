/**
 * Messages are sealed, so that plain http on the own network shows and allows nothing.
 *
 * There: HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message:
 * enc (32 bytes), then the ciphertext. Only the server whose key was pinned when pairing can open it.
 *
 * Back: AES-256-GCM with a key that HKDF-SHA256 makes of the device's token and the call's nonce: iv (12 bytes),
 * then the ciphertext. Only who opened the call knows both, so an answer proves who gave it, and to which call.
 */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { type Bytes, join, utf8 } from "./bytes.ts";

export const KEY_LENGTH = 32;
export const CALL = "mediafetcher call v1";
export const REPLY = "mediafetcher reply v1";
const IV_LENGTH = 12;

export const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** enc and ciphertext for the holder of this public key; `info` says what it is for and must be the same there. */
export async function seal(serverKey: Bytes, plain: Uint8Array, info: string = CALL): Promise<Bytes> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(serverKey.slice().buffer);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: utf8(info) });
  const sealed = await sender.seal(plain.slice());
  return join(new Uint8Array(sender.enc), new Uint8Array(sealed));
}

/** The answer's content; throws where it was not made for this call by who knows the token. */
export async function openReply(token: Bytes, nonce: Bytes, box: Bytes): Promise<Bytes> {
  const key = await replyKey(token, nonce);
  const iv = box.slice(0, IV_LENGTH);
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, box.slice(IV_LENGTH)));
}

async function replyKey(token: Bytes, nonce: Bytes): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", token, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: nonce, info: utf8(REPLY) };
  return crypto.subtle.deriveKey(how, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
}

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's base 32: none that look alike

/** The fingerprint that both sides show: the first 100 bits of SHA-256(key), as 5 groups of 4 letters. */
export async function fingerprint(key: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", key));
  let bits = "";
  for (const byte of digest.slice(0, 13)) bits += byte.toString(2).padStart(8, "0");
  const letters = Array.from({ length: 20 }, (_, i) => LETTERS[Number.parseInt(bits.slice(i * 5, i * 5 + 5), 2)]);
  return letters.join("").replace(/(.{4})(?=.)/g, "$1-");
}
