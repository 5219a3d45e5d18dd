/**
 * Seals messages for the tests of the server, one JSON object a line: {"plain", "box"} in base64url.
 * `node tests/make-vectors.ts PUBLIC_KEY COUNT`; the key in base64url. Lengths grow from 0 to some kilobytes.
 */
import { fromBase64url, random, toBase64url } from "../src/lib/bytes.ts";
import { seal } from "../src/lib/seal.ts";

const [key, count] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  const plain = random((i * 7) % 4099);
  console.log(
    JSON.stringify({ plain: toBase64url(plain), box: toBase64url(await seal(fromBase64url(key ?? ""), plain)) }),
  );
}
