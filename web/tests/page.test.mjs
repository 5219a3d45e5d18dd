// The whole way of a person through the page, on a real server with real downloads. The parts build on each other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import "./parts/first.mjs";
import "./parts/downloads.mjs";
import "./parts/queue.mjs";
import "./parts/watch.mjs";
import "./parts/library.mjs";
import "./parts/many.mjs";
import "./parts/settings.mjs";
import "./parts/whole.mjs";
import { played } from "./world.mjs";

test("every interaction of the list is played, and no other", () => {
  const list = readFileSync(new URL("interactions.md", import.meta.url), "utf8");
  const named = [...list.matchAll(/^- (.+)$/gm)].map(([, name]) => name);
  assert.deepEqual(played.toSorted(), named.toSorted());
  assert.ok(new Set(played).size >= 40);
});
