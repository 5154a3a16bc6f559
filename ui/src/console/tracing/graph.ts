/**
 * The picture of one trace: the case in the middle, its close contacts around it, their contacts
 * outside. Each contact hangs on the one who explains it, so that no two lines cross.
 */
import type { ContactRow } from '../types';

/** More nobody can tell apart; the table holds them all. */
export const MOST_NODES = 200;
/** Side of the square the picture is drawn in. */
export const SIDE = 640;

export interface Node {
  /** Holder, or the case's id. */
  id: string;
  kind: 'case' | 'close' | 'secondary';
  x: number;
  y: number;
  /** The contact; none for the case itself. */
  contact: ContactRow | null;
}

export interface Edge {
  from: Node;
  to: Node;
  /** Width of the line: 1 to 5, by minutes shared. */
  width: number;
}

export interface Graph {
  /** The case first, then around the circle: each close contact before its own contacts. */
  nodes: Node[];
  edges: Edge[];
  /** Contacts that are not drawn. */
  left: number;
}

const most = (a: ContactRow, b: ContactRow): number => b.minutes - a.minutes || (a.holder < b.holder ? -1 : 1);

/** Minutes as a width: a step for each doubling from a quarter of an hour on. */
export function width(minutes: number): number {
  return Math.min(5, Math.max(1, 1 + Math.log2(Math.max(1, minutes / 15))));
}

export function layout(caseId: string, contacts: readonly ContactRow[], limit: number = MOST_NODES): Graph {
  const close = contacts.filter((c) => c.degree === 'close').sort(most).slice(0, Math.max(0, limit - 1));
  const near = new Set(close.map((c) => c.holder));
  const far = contacts
    .filter((c) => c.degree !== 'close' && c.via !== null && near.has(c.via))
    .sort(most)
    .slice(0, Math.max(0, limit - 1 - close.length));
  const of = new Map<string, ContactRow[]>();
  for (const c of far) of.set(c.via ?? '', [...(of.get(c.via ?? '') ?? []), c]);

  const middle = SIDE / 2;
  const at = (radius: number, turn: number) => ({
    x: Math.round(middle + radius * Math.sin(2 * Math.PI * turn)),
    y: Math.round(middle - radius * Math.cos(2 * Math.PI * turn)),
  });
  const root: Node = { id: caseId, kind: 'case', x: middle, y: middle, contact: null };
  const graph: Graph = { nodes: [root], edges: [], left: contacts.length - close.length - far.length };
  const slots = close.reduce((n, c) => n + Math.max(1, of.get(c.holder)?.length ?? 0), 0);
  let slot = 0;
  for (const c of close) {
    const own = of.get(c.holder) ?? [];
    const share = Math.max(1, own.length);
    const node: Node = { id: c.holder, kind: 'close', ...at(SIDE * 0.24, (slot + share / 2) / slots), contact: c };
    graph.nodes.push(node);
    graph.edges.push({ from: root, to: node, width: width(c.minutes) });
    own.forEach((s, i) => {
      const leaf: Node = { id: s.holder, kind: 'secondary', ...at(SIDE * 0.45, (slot + i + 0.5) / slots), contact: s };
      graph.nodes.push(leaf);
      graph.edges.push({ from: node, to: leaf, width: width(s.minutes) });
    });
    slot += share;
  }
  return graph;
}

/** Which node the keys lead to: along the circle with the arrows, to either end with Home and End. */
export function moved(key: string, now: number, count: number): number | null {
  const last = count - 1;
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return Math.min(last, now + 1);
    case 'ArrowLeft':
    case 'ArrowUp':
      return Math.max(0, now - 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
