import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { collect, siteOf, sitePattern, storeOf } from "../../src/lib/cookies.ts";
import { pickUrl } from "../../src/lib/links.ts";
import { browser } from "./browser.ts";

let fake = browser();
beforeEach(() => {
  fake = browser();
});

const SITES: [string, string, string][] = [
  ["https://www.youtube.com/watch?v=1", "youtube.com", "*://*.youtube.com/*"],
  ["https://m.example.co.uk/x", "example.co.uk", "*://*.example.co.uk/*"],
  ["https://someone.github.io/", "someone.github.io", "*://*.someone.github.io/*"],
  ["http://192.168.1.5:8080/", "192.168.1.5", "*://192.168.1.5/*"],
  ["http://localhost:3000/", "localhost", "*://localhost/*"],
  ["http://[::1]:3000/", "[::1]", "*://[::1]/*"],
  ["http://nas/", "nas", "*://nas/*"],
];
for (const [url, site, pattern] of SITES)
  test(`the site of ${url} is ${site}, and only it is asked for`, () => {
    assert.equal(siteOf(url), site);
    assert.equal(sitePattern(site), pattern);
  });

test("every kind of cookie is taken as it is", async () => {
  const plain = { name: "a", value: "1", domain: ".s.test", path: "/", secure: true, httpOnly: true, hostOnly: false };
  fake.cookies = [
    { ...plain, session: false, expirationDate: 2000000000.7, sameSite: "lax", storeId: "0" },
    { ...plain, name: "b", domain: "s.test", hostOnly: true, session: true },
    { ...plain, name: "c", path: "/deep", session: true, partitionKey: { topLevelSite: "https://s.test" } },
    { ...plain, value: "framed", session: true, partitionKey: { topLevelSite: "https://top.test" } },
  ];
  assert.deepEqual(await collect("s.test", "private"), [
    { ...plain, expires: 2000000000 },
    { ...plain, name: "b", domain: "s.test", hostOnly: true, expires: null },
    { ...plain, name: "c", path: "/deep", expires: null },
  ]);
  assert.deepEqual(fake.asked, [{ domain: "s.test", partitionKey: {}, storeId: "private" }]);
});

test("the cookie store is the tab's own", async () => {
  assert.equal(await storeOf(3), "private");
  assert.equal(await storeOf(2), "0");
  assert.equal(await storeOf(undefined), undefined);
});

test("a click means the link, else the film, else the page", () => {
  const pageUrl = "https://p.test/";
  assert.equal(pickUrl({ linkUrl: "https://l.test/", srcUrl: "https://f.test/", pageUrl }), "https://l.test/");
  assert.equal(pickUrl({ srcUrl: "https://f.test/a.mp4", pageUrl }), "https://f.test/a.mp4");
  assert.equal(pickUrl({ srcUrl: "blob:https://p.test/1", pageUrl }), pageUrl);
  assert.equal(pickUrl({ linkUrl: "javascript:alert(1)", pageUrl }), pageUrl);
  assert.equal(pickUrl({ pageUrl: "chrome://extensions" }), undefined);
});
