/**
 * Common behaviour of all changes that the page requests: a failure is shown, and the queries that a change concerns
 * are loaded again. A mutation says in its `meta` what differs.
 */
import { MutationCache, type QueryKey } from "@tanstack/react-query";
import { codeOf, type ErrorCode } from "./client";
import { keys } from "./keys";

type Meta = {
  /** Keys of the queries that are loaded again when the mutation ends, also after a failure. */
  invalidates?: readonly QueryKey[];
  /** As `invalidates`; the mutation ends when they are loaded. */
  awaits?: readonly QueryKey[];
  /** Errors that the component shows itself: all, or those of these codes. */
  handles?: "all" | readonly ErrorCode[];
};

declare module "@tanstack/react-query" {
  interface Register {
    mutationMeta: Meta;
  }
}

/** Every query. */
export const EVERYTHING: QueryKey = [];

/** `show` tells the user of a failure that no component shows. */
export const createMutationCache = (show: (error: unknown) => void): MutationCache =>
  new MutationCache({
    onError(error, _variables, _result, { meta: { handles = [] } = {} }, { client }) {
      if (codeOf(error) === "not_signed_in") void client.invalidateQueries({ queryKey: keys.session });
      if (handles !== "all" && !handles.includes(codeOf(error))) show(error);
    },
    onSettled(_data, _error, _variables, _result, { meta: { invalidates = [], awaits = [] } = {} }, { client }) {
      for (const queryKey of invalidates) void client.invalidateQueries({ queryKey });
      return Promise.all(awaits.map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
