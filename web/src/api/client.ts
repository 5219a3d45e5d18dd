/**
 * The one place that calls the server. Paths, parameters, bodies and answers are typed by the server's own OpenAPI
 * (`types.ts`); whatever goes wrong becomes an `ApiError` with a stable code, for which the page has words in every
 * language.
 */
import createClient from "openapi-fetch";
import type { paths } from "./paths";
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

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Operation<M extends Method, P extends keyof paths> = paths[P] extends Record<Lowercase<M>, infer O> ? O : never;
/** The paths that have this method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, unknown> ? P : never;
}[keyof paths];

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
/** A body is not changed, so read-only lists are accepted. */
type Given<T> = T extends (infer E)[] ? readonly Given<E>[] : T extends object ? { [K in keyof T]: Given<T[K]> } : T;
/** The answer of the server. */
export type Answer<M extends Method, P extends keyof paths> =
  Operation<M, P> extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202 | 204)]> : never;

type Path<O> = O extends { parameters: { path: infer T } } ? { path: T } : { path?: undefined };
type Query<O> = O extends { parameters: { query: infer T } }
  ? { query: T }
  : O extends { parameters: { query?: infer T } }
    ? { query?: T }
    : { query?: undefined };
type Body<O> = O extends { requestBody: infer B }
  ? { body: Given<Json<B>> }
  : O extends { requestBody?: infer B }
    ? { body?: Given<Json<NonNullable<B>>> }
    : { body?: undefined };
/** `keepalive` lets the call outlive the page (the position while leaving). */
type Call = { keepalive?: boolean; signal?: AbortSignal };
export type Asked<M extends Method, P extends keyof paths> = Path<Operation<M, P>> &
  Query<Operation<M, P>> &
  Body<Operation<M, P>> &
  Call;
type Needed<T> = Partial<T> extends T ? [asked?: T] : [asked: T];

const client = createClient<paths>({ baseUrl: location.origin, fetch: (request) => fetch(request) });
client.use({
  onError: ({ error }) => (error instanceof DOMException ? error : new ApiError("unreachable", 0, String(error))),
  async onResponse({ response }) {
    if (response.ok) return;
    const problem = (await response.json().catch(() => null)) as Problem | null;
    throw new ApiError(
      (problem?.code as Code) ?? "internal",
      response.status,
      problem?.detail ?? response.statusText,
      problem?.request_id,
    );
  },
});

// openapi-fetch derives the types of `init` and `data` from method and path. Both are parameters of `call`, so TypeScript
// leaves these types unresolved and either would need a cast. `Asked` and `Answer` check callers by the same `paths`.
type Untyped = (path: string, init: object) => Promise<{ data?: unknown }>;

/** Calls the server. Returns: what it answers. */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  ...[asked]: Needed<Asked<M, P>>
): Promise<Answer<M, P>> {
  const { path: inPath, query, ...rest } = (asked ?? {}) as Asked<M, P> & { path?: object; query?: object };
  const { data } = await (client[method] as unknown as Untyped)(path, { ...rest, params: { path: inPath, query } });
  return data as Answer<M, P>;
}

/** The paths that are read without saying more. */
export type PlainPath = {
  [P in PathOf<"GET">]: Partial<Asked<"GET", P>> extends Asked<"GET", P> ? P : never;
}[PathOf<"GET">];

/** Reads a path that needs no more than itself. */
export const read = <P extends PlainPath>(path: P): Promise<Answer<"GET", P>> =>
  call("GET", path, ...([] as unknown as Needed<Asked<"GET", P>>));

/** Reads a file of the page itself. */
export async function file<T>(path: string): Promise<T> {
  const answer = await fetch(path);
  if (!answer.ok) throw new ApiError("internal", answer.status, answer.statusText);
  return answer.json();
}

export const codeOf = (error: unknown): ErrorCode => (error instanceof ApiError ? error.code : "internal");
