/** A "no" with a stable code; the words for it are in `_locales` under `err_<code>`. */
export class Problem extends Error {
  readonly code: string;
  readonly facts: string[];

  constructor(code: string, ...facts: string[]) {
    super(code);
    this.code = code;
    this.facts = facts;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Problem ? error.code : "unknown";
}

export function factsOf(error: unknown): string[] {
  if (error instanceof Problem) return error.facts;
  return [error instanceof Error ? error.message : String(error)];
}
