import { queryOptions } from "@tanstack/react-query";
import { call } from "@/api/client";

export const sharesQuery = queryOptions({
  queryKey: ["shares"],
  queryFn: () => call("GET", "/api/shares"),
  staleTime: 0,
});
