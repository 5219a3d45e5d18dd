import { makeT } from "@/i18n";
import { en } from "@/i18n/en";
import { sentence } from "./sentence";

const t = makeT(en, "en");

test("an event is a sentence with its title", () => {
  expect(sentence({ type: "download.done", data: { title: "A film" } }, t)).toBe("Downloaded: A film");
  expect(sentence({ type: "download.failed", data: { site: "example.org" } }, t)).toBe("Download failed: example.org");
  expect(sentence({ type: "import.done", data: { added: 3, failed: 1 } }, t)).toBe(
    "Import finished: 3 added, 1 failed",
  );
});

test("an event of a newer server is shown by its name", () => {
  expect(sentence({ type: "moon.full", data: {} }, t)).toBe("moon.full");
});
