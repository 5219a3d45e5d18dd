import { linksIn, onlyLinks } from "./links";

test.each<[string, string[]]>([
  ["https://example.org/a", ["https://example.org/a"]],
  ["see https://example.org/a?x=1#y and example.com/b", ["https://example.org/a?x=1#y", "https://example.com/b"]],
  ["https://example.org/a\n\nhttps://example.org/a", ["https://example.org/a"]],
  ["http://127.0.0.1:8899/x.mp4", ["http://127.0.0.1:8899/x.mp4"]],
  ["no link at all", []],
  ["", []],
])("links in %j", (text, links) => expect(linksIn(text)).toEqual(links));

test("only a text of links alone is taken from anywhere on the page", () => {
  expect(onlyLinks(" https://example.org/a \n example.com/b ")).toBe(true);
  expect(onlyLinks("look: https://example.org/a")).toBe(false);
  expect(onlyLinks("")).toBe(false);
});
