/** Links, logs and the offer of a newer yt-dlp as queries. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call } from "@/api/client";
import { keys } from "@/api/keys";

/** The preview of a link. It is asked again each time: by the next time it may be in the library. */
export const previewQuery = (url: string) =>
  queryOptions({
    queryKey: [...keys.preview, url],
    queryFn: ({ signal }) => call("POST", "/api/preview", { body: { url }, signal }),
    staleTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });

export const logQuery = (id: number) =>
  queryOptions({
    queryKey: [...keys.log, id],
    queryFn: () => call("GET", "/api/downloads/{id}/log", { path: { id } }),
    staleTime: 0,
  });

/** The state of yt-dlp, asked again if so many downloads have `ended`. */
export const offerQuery = (ended: number) =>
  queryOptions({
    queryKey: [...keys.settings, "/api/ytdlp", ended],
    queryFn: () => call("GET", "/api/ytdlp"),
    placeholderData: keepPreviousData,
  });
