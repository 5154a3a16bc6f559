/** The divisions of a what-if as a tree: country, province, city, county. */
import { shareOf } from './numbers';
import type { DivisionChange } from './types';

export interface Node {
  row: DivisionChange;
  /** 0 for the coarsest. */
  depth: number;
  children: Node[];
}

export type Order = 'division' | 'people' | 'newly_confined' | 'share' | 'newly_free';

/** The nearest division above among those that are there. Codes are paths: `CN`, `CN-33`, `CN-3301`. */
function above(code: string, all: ReadonlyMap<string, Node>): Node | undefined {
  for (let n = code.length - 1; n >= 2; n--) {
    const found = all.get(code.slice(0, n));
    if (found) return found;
  }
  return undefined;
}

export function tree(rows: readonly DivisionChange[]): Node[] {
  const all = new Map<string, Node>();
  const roots: Node[] = [];
  // A division comes after each one that holds it, whatever order they were sent in.
  for (const row of [...rows].sort((a, b) => a.division.length - b.division.length)) {
    const parent = above(row.division, all);
    const node = { row, depth: parent ? parent.depth + 1 : 0, children: [] };
    all.set(row.division, node);
    (parent?.children ?? roots).push(node);
  }
  return roots;
}

export const confinedShare = (d: DivisionChange): number => shareOf(d.newly_confined, d.people);

/** Whether anything is different for its people. */
export const changes = (d: DivisionChange): boolean =>
  d.newly_confined > 0 || d.newly_free > 0 || (['green', 'yellow', 'red'] as const).some((c) => d.before[c] !== d.after[c]);

const value = (d: DivisionChange, by: Order): number | string =>
  by === 'division' ? d.division : by === 'share' ? confinedShare(d) : d[by];

/** The rows that are to be seen: below what is open, in order among their siblings. */
export function visible(
  nodes: readonly Node[],
  open: ReadonlySet<string>,
  by: Order,
  down: boolean,
  onlyChanged: boolean,
): Node[] {
  const sign = down ? -1 : 1;
  return nodes
    .filter((n) => !onlyChanged || changes(n.row))
    .sort((a, b) => {
      const [x, y] = [value(a.row, by), value(b.row, by)];
      return x === y ? (a.row.division < b.row.division ? -1 : 1) : sign * (x < y ? -1 : 1);
    })
    .flatMap((n) => [n, ...(open.has(n.row.division) ? visible(n.children, open, by, down, onlyChanged) : [])]);
}

/** What to open at first: a coarsest division that stands alone, and the way down to the worst. */
export function openAtFirst(nodes: readonly Node[], worst: string | null): Set<string> {
  const out = new Set<string>();
  if (nodes.length === 1 && nodes[0]) out.add(nodes[0].row.division);
  const walk = (list: readonly Node[]): boolean =>
    list.some((n) => {
      if (n.row.division === worst) return true;
      const inside = walk(n.children);
      if (inside) out.add(n.row.division);
      return inside;
    });
  if (worst !== null) walk(nodes);
  return out;
}

/** The same with one division opened or closed. */
export const toggled = (open: ReadonlySet<string>, code: string): Set<string> =>
  new Set(open.has(code) ? [...open].filter((c) => c !== code) : [...open, code]);
