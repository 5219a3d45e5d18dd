/** The order of the queue is its priorities, and among equals the age. Moving one gives new priorities to few. */
import type { Download } from "@/api/types";

type Turn = Pick<Download, "id" | "priority">;

/** The least priority that puts `one` before `next`. */
const before = (one: Turn, next: Turn, priority: number) => (one.id < next.id ? priority : priority + 1);

/** Which priorities change when the one at `from` goes to the place `to`. `queue` is in its present order. */
export function reorder(queue: readonly Turn[], from: number, to: number): Turn[] {
  const moved = queue[from];
  if (!moved || from === to || to < 0 || to >= queue.length) return [];
  const order = queue.toSpliced(from, 1).toSpliced(to, 0, moved);
  const after: number[] = [];
  for (let i = order.length - 1; i >= 0; i--) {
    const one = order[i] as Turn;
    const next = order[i + 1];
    const above = order[i - 1];
    if (next) {
      const least = before(one, next, after[i + 1] as number);
      after[i] = one === moved ? least : Math.max(one.priority, least);
    } else if (one === moved && above) after[i] = above.id < one.id ? above.priority : above.priority - 1;
    else after[i] = one.priority;
  }
  return order
    .map(({ id }, i) => ({ id, priority: after[i] as number }))
    .filter(({ id, priority }) => queue.find((each) => each.id === id)?.priority !== priority);
}
