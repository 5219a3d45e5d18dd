/**
 * The one place that calls the server. Answers are typed by the caller with the shapes of `types.ts`; whatever goes
 * wrong becomes an `ApiError` with a stable code, for which the page has words in every language.
 */
import type { Code, Problem } from "./types";

/** `unreachable`: nothing answered at all. */
export type ErrorCode = Code | "unreachable";

export class ApiError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly status: number,
    detail: string,
    readonly requestId?: string,
  ) {
    super(detail);
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** `keepalive` lets the call outlive the page (the position while leaving). */
export async function call<T>(method: Method, path: string, body?: unknown, keepalive = false): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      keepalive,
      headers: body === undefined ? undefined : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (reason) {
    throw new ApiError("unreachable", 0, String(reason));
  }
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => null)) as Problem | null;
    throw new ApiError(
      (problem?.code as Code) ?? "internal",
      answer.status,
      problem?.detail ?? answer.statusText,
      problem?.request_id,
    );
  }
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** A path with the parameters that are set. */
export function query(path: string, parameters: Record<string, string | number | undefined>): string {
  const set = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return set.length ? `${path}?${new URLSearchParams(set)}` : path;
}

export const codeOf = (error: unknown): ErrorCode => (error instanceof ApiError ? error.code : "internal");
