import { reorder } from "./reorder";
import { byTurn } from "./states";

type Turn = { id: number; priority: number };

/** The queue after the new priorities, in the order in which the server takes it. */
function applied(queue: Turn[], from: number, to: number): number[] {
  const changes = new Map(reorder(queue, from, to).map(({ id, priority }) => [id, priority]));
  return queue
    .map(({ id, priority }) => ({ id, priority: changes.get(id) ?? priority }))
    .sort(byTurn as (a: Turn, b: Turn) => number)
    .map(({ id }) => id);
}

const EQUAL = [1, 2, 3, 4, 5].map((id) => ({ id, priority: 0 }));
const MIXED = [
  { id: 9, priority: 100 },
  { id: 2, priority: 7 },
  { id: 8, priority: 7 },
  { id: 1, priority: 0 },
  { id: 3, priority: -4 },
];

test.each([EQUAL, MIXED])("every move ends where it was dropped", (...queue) => {
  for (let from = 0; from < queue.length; from++)
    for (let to = 0; to < queue.length; to++) {
      const wanted = queue.map(({ id }) => id);
      wanted.splice(to, 0, ...wanted.splice(from, 1));
      expect(applied(queue, from, to), `${from} to ${to}`).toEqual(wanted);
    }
});

test("to the front changes one row only", () => {
  expect(reorder(EQUAL, 4, 0)).toEqual([{ id: 5, priority: 1 }]);
  expect(reorder(EQUAL, 1, 1)).toEqual([]);
});
