import { makeT } from "@/i18n";
import { en } from "@/i18n/en";
import { answerWords, GROUPS, groupOf, toggled } from "./event-groups";

const storage = groupOf("storage.full");

test("a group is added and removed as a whole, and foreign events stay", () => {
  if (!storage) throw new Error("no group");
  expect(toggled(storage, ["moon.full"])).toEqual(["moon.full", "storage.away", "storage.full"]);
  expect(toggled(storage, ["storage.away", "moon.full"])).toEqual(["moon.full"]);
});

test("an event is in one group", () => {
  const events = GROUPS.flatMap((group) => group.events);
  expect(new Set(events).size).toBe(events.length);
  expect(events).toHaveLength(10);
});

test("an answer is said in words, and a status as it is", () => {
  const t = makeT(en, "en");
  expect(answerWords("timeout", t)).toBe("No answer in time");
  expect(answerWords("http_503", t)).toBe("HTTP 503");
});
