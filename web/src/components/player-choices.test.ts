import { remember, remembered, trackFor } from "./player-choices";

test.each([
  [["en", "fr"], "fr", "fr"],
  [["en-GB"], "en", "en-GB"],
  [["en", "fr"], "de", undefined],
  [["en"], "", undefined],
])("of %j a user who reads %s gets %s", (languages, wanted, shown) => expect(trackFor(languages, wanted)).toBe(shown));

test("what was chosen is remembered, and the rest stays", () => {
  remember({ rate: 1.5 });
  remember({ captions: "fr" });
  expect(remembered()).toEqual({ rate: 1.5, volume: 1, muted: false, captions: "fr" });
});
