import { useMutation } from "@tanstack/react-query";
import { ApiError, type ErrorCode } from "@/api/client";
import type { Download } from "@/api/types";
import { showFailure } from "@/components/failure";
import { actOnDownloads } from "./mutations";

/** One action for many downloads. The first one that is refused is shown. */
export function useActOnDownloads() {
  const { mutate } = useMutation({
    ...actOnDownloads,
    onSuccess: ([first]) => {
      if (first) showFailure(new ApiError(first.reason.code as ErrorCode, 409, first.reason.message));
    },
  });
  return (action: "retry" | "pause" | "resume" | "clear", downloads: readonly Download[]) =>
    mutate({ action, downloads });
}
