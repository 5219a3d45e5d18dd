// A server that is opened by its name over plain http: that is no secure context, so there is no clipboard.
import assert from "node:assert/strict";
import { expect, test } from "./fixtures.mjs";
import { launch, open, signIn } from "./harness.mjs";

const NAME = "media.test";
// Before the sign-in; not built here; a header that browsers take only from a secure context.
const EXPECTED = /status of 401|api\/extension|Cross-Origin-Opener-Policy/;

test("without a clipboard no button reads it, and a pairing code is selected for Ctrl+C", async ({ server, user }) => {
  await server.administrator("PATCH", "/api/settings", { host_names: [NAME] });
  const browser = await launch(`--host-resolver-rules=MAP ${NAME} 127.0.0.1`);
  try {
    const page = await open(browser, server.url.replace("127.0.0.1", NAME));
    await signIn(page, user);
    assert.deepEqual(
      await page.evaluate(() => [isSecureContext, navigator.clipboard === undefined]),
      [false, true],
      "the browser has a clipboard here",
    );
    await page.getByRole("textbox", { name: "Paste a link" }).waitFor();
    await expect(page.getByRole("button", { name: "Paste a link" })).toHaveCount(0);

    await page.goto(`${server.url.replace("127.0.0.1", NAME)}/settings/devices`);
    await page.getByRole("button", { name: "New code" }).click();
    await page.getByRole("button", { name: "Copy code" }).click();
    const code = page.getByRole("textbox", { name: "Pair a browser" });
    await expect(code).toBeFocused();
    assert.ok(
      await code.evaluate(
        ({ value, selectionStart, selectionEnd }) => selectionStart === 0 && selectionEnd === value.length,
      ),
    );
    assert.deepEqual(
      page.wrong.filter((words) => !EXPECTED.test(words)),
      [],
    );
  } finally {
    await browser.close();
    await server.administrator("PATCH", "/api/settings", { host_names: null });
  }
});
