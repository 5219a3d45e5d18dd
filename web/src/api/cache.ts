import { type InvalidateOptions, type InvalidateQueryFilters, type Query, QueryClient } from "@tanstack/react-query";

/**
 * The cache of the page's queries. The library does not repeat a first request that is still under way when its query
 * is invalidated, although the answer may be older than the change. This client requests it again after that answer.
 */
export class Cache extends QueryClient {
  #awaited = new WeakSet<Query>();

  override invalidateQueries(filters?: InvalidateQueryFilters, options?: InvalidateOptions): Promise<void> {
    const first = this.getQueryCache()
      .findAll(filters)
      .filter(({ state }) => state.data === undefined && state.fetchStatus !== "idle");
    const done = super.invalidateQueries(filters, options);
    for (const query of first) void this.#repeat(query);
    return done;
  }

  /** Requests the query again after the answer that is under way, once for any number of changes. */
  async #repeat(query: Query): Promise<void> {
    if (this.#awaited.has(query)) return;
    this.#awaited.add(query);
    const answered = await query.fetch().then(
      () => true,
      () => false,
    );
    this.#awaited.delete(query);
    if (answered) await this.invalidateQueries({ queryKey: query.queryKey, exact: true });
  }
}
