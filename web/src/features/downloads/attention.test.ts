import { remedyFor } from "./attention";

const broken = (code: string) => ({ error: { code, message: "" } });

test.each([
  ["login_required", "cookies"],
  ["age_limit", "cookies"],
  ["extractor_broken", "ytdlp"],
  ["disk_full", "storage"],
  ["gone", "clear"],
  ["network", "retry"],
  ["of the future", "retry"],
])("%s asks for %s", (code, remedy) => expect(remedyFor(broken(code), true)).toBe(remedy));

test("who may not get a newer yt-dlp may retry", () => {
  expect(remedyFor(broken("extractor_broken"), false)).toBe("retry");
  expect(remedyFor({ error: null }, true)).toBe("retry");
});
