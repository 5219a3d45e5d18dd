import { screen } from "@testing-library/react";
import type { Item } from "@/api/types";
import { renderPart } from "@/test/render";
import { Facts } from "./facts";

const film = {
  title: "Lake",
  folder: "",
  duration: 60,
  subtitles: [],
  created_at: "2024-01-05T09:00:00Z",
  source_url: null,
  media: { kind: "video/mp4", video_codec: "h264", audio_codec: "aac", size: 10, ref_count: 1, sha256: "00" },
} as unknown as Item;

const shown = (name: string) => screen.getByText(name, { selector: "dt" }).nextElementSibling?.textContent;

test("year, categories and views of a source are in the details, in the form of the language", async () => {
  await renderPart(<Facts item={{ ...film, year: 1999, categories: ["Lakes", "Ships"], views: 1234567 }} />);
  expect([shown("Released"), shown("Categories"), shown("Views")]).toEqual(["1999", "Lakes, Ships", "1,234,567"]);
});

test("details that a source does not name are left out", async () => {
  await renderPart(<Facts item={film} />);
  expect(screen.queryByText("Released")).toBeNull();
  expect(screen.queryByText("Views")).toBeNull();
});
