/** Tries the way to the server step by step, and names the first thing that is wrong. */
import * as calls from "./calls.ts";
import { originPattern } from "./pairing.ts";
import { codeOf } from "./problem.ts";
import type { Server } from "./store.ts";

export interface Step {
  /** The words are `test_<name>`; where it went wrong, `test_<name>_<fault>`. */
  name: "permission" | "answer" | "version" | "paired";
  ok: boolean;
  fault?: string;
  facts: string[];
}

/** The steps that were taken; the last is the one that failed, if one did. */
export async function selfTest(server: Server, ours: string): Promise<Step[]> {
  const steps: Step[] = [];
  for (const step of [permission, answer, paired]) {
    for (const result of await step(server, ours)) steps.push(result);
    if (steps.at(-1)?.ok === false) break;
  }
  return steps;
}

async function permission(server: Server): Promise<Step[]> {
  const ok = await chrome.permissions.contains({ origins: [originPattern(server.url)] });
  return [{ name: "permission", ok, fault: ok ? undefined : "missing", facts: [new URL(server.url).host] }];
}

async function answer(server: Server, ours: string): Promise<Step[]> {
  const facts = [server.url];
  let health: { version?: unknown };
  try {
    const options = { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(10_000) } as const;
    const response = await fetch(`${server.url}/api/health`, options);
    // HTTPS-only mode turns the address round without a word.
    if (new URL(response.url).protocol !== new URL(server.url).protocol)
      return [{ name: "answer", ok: false, fault: "https_only", facts }];
    if (response.status >= 500) return [{ name: "answer", ok: false, fault: "ill", facts }];
    health = await response.json();
  } catch (error) {
    return [{ name: "answer", ok: false, fault: whyNot(server.url, error), facts }];
  }
  if (typeof health.version !== "string") return [{ name: "answer", ok: false, fault: "other", facts }];
  return [{ name: "answer", ok: true, facts }, version(health.version, ours)];
}

/** A browser does not say why a connection failed: what is likely depends on the address. */
function whyNot(url: string, error: unknown): string {
  if (error instanceof SyntaxError) return "other";
  if (url.startsWith("https:")) return "tls";
  return navigator.userAgent.includes("Firefox") ? "http_firefox" : "away";
}

function version(theirs: string, ours: string): Step {
  const ok = theirs.split(".")[0] === ours.split(".")[0];
  return { name: "version", ok, fault: ok ? undefined : "differs", facts: [theirs, ours] };
}

async function paired(server: Server): Promise<Step[]> {
  try {
    const state = await calls.state();
    return [{ name: "paired", ok: true, facts: [state.name || server.name] }];
  } catch (error) {
    const known = ["not_paired", "clock", "bad_server", "sealed_box"];
    const fault = known.includes(codeOf(error)) ? codeOf(error) : "other";
    return [{ name: "paired", ok: false, fault, facts: [codeOf(error)] }];
  }
}
