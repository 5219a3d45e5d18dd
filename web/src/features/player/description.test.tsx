import { screen } from "@testing-library/react";
import type { Item } from "@/api/types";
import { renderPart } from "@/test/render";
import { Description } from "./description";

test("a tag leads to the items with that tag", async () => {
  await renderPart(<Description item={{ description: "On the lake", tags: ["airship", "Bodensee"] } as Item} />);
  expect(screen.getByRole("link", { name: "Bodensee" })).toHaveAttribute("href", "/library?tag=Bodensee");
});
