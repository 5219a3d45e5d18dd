import assert from "node:assert/strict";
import { test } from "node:test";
import { followPage } from "../../src/lib/links.ts";

const page = "https://site.test/@channel?a=1&b=2#top";

test("following opens the server's page with the link, else with the page", () => {
  const url = (path: string) => `http://nas:8787/following/new?url=${encodeURIComponent(path)}`;
  assert.equal(followPage("http://nas:8787", { pageUrl: page }), url(page));
  assert.equal(
    followPage("http://nas:8787/", { pageUrl: page, linkUrl: "https://site.test/list" }),
    url("https://site.test/list"),
  );
  assert.equal(followPage("http://nas:8787", { pageUrl: page, srcUrl: "https://site.test/a.mp4" }), url(page));
});

test("following opens nothing for what is no web page", () => {
  assert.equal(followPage("http://nas:8787", { pageUrl: "chrome://newtab/" }), undefined);
});
