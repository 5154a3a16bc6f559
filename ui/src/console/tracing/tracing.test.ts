import { describe, expect, it } from 'vitest';
import type { ContactRow } from '../types';
import { ticketSaid } from './aboard';
import { layout, MOST_NODES, moved, SIDE, width } from './graph';
import { isOver, newer, readEvent, type TraceJob } from './job';

const contact = (holder: string, minutes: number, via: string | null = null): ContactRow => ({
  holder,
  degree: via === null ? 'close' : 'secondary',
  minutes,
  certainty: 'recorded',
  last_contact: '2022-03-13T04:00:00Z',
  via,
  together: null,
  exposures: [],
  colour: null,
});

describe('the graph of a trace', () => {
  it('hangs everybody on who explains them', () => {
    const g = layout('c1', [contact('h1', 30), contact('h2', 60), contact('h3', 40, 'h1'), contact('h4', 50, 'h1')]);
    expect(g.nodes.map((n) => n.id)).toEqual(['c1', 'h2', 'h1', 'h4', 'h3']);
    expect(g.edges.map((e) => [e.from.id, e.to.id])).toEqual([
      ['c1', 'h2'],
      ['c1', 'h1'],
      ['h1', 'h4'],
      ['h1', 'h3'],
    ]);
    expect(g.left).toBe(0);
  });

  it('stays inside the picture, nobody on top of another', () => {
    const rows = Array.from({ length: 60 }, (_, i) => contact(`h${i}`, i));
    const far = Array.from({ length: 120 }, (_, i) => contact(`s${i}`, i, `h${i % 60}`));
    const { nodes } = layout('c1', [...rows, ...far]);
    expect(nodes).toHaveLength(181);
    for (const n of nodes) expect(Math.min(n.x, n.y, SIDE - n.x, SIDE - n.y)).toBeGreaterThan(14);
    expect(new Set(nodes.map((n) => `${n.x}/${n.y}`)).size).toBe(181);
  });

  it('draws those with most minutes and says how many are left', () => {
    const rows = Array.from({ length: 300 }, (_, i) => contact(`h${i}`, i));
    const g = layout('c1', [...rows, contact('s', 500, 'h299')]);
    expect(g.nodes).toHaveLength(MOST_NODES);
    expect(g.nodes[1]?.id).toBe('h299');
    expect(g.left).toBe(301 - (MOST_NODES - 1));
    // A contact whose link in between is not drawn cannot be drawn either.
    expect(layout('c1', [contact('s', 500, 'h9')]).left).toBe(1);
    expect(layout('c1', []).nodes).toHaveLength(1);
  });

  it('has lines between one and five wide', () => {
    expect([0, 15, 30, 120, 9999].map(width)).toEqual([1, 1, 2, 4, 5]);
  });

  it('is walked with the keys', () => {
    expect([moved('ArrowRight', 0, 3), moved('ArrowDown', 2, 3), moved('ArrowLeft', 0, 3)]).toEqual([1, 2, 0]);
    expect([moved('Home', 2, 3), moved('End', 0, 3), moved('Tab', 1, 3)]).toEqual([0, 2, null]);
  });
});

describe('tickets', () => {
  const words = { leg: (a: string, b: string) => `${a}-${b}`, seat: (s: string) => `seat ${s}`, unknown: 'unknown' };
  const ticket = (from: string | null, to: string | null, seat: string | null) => ({ ride: 'r0000000000001', from, to, seat, may_withdraw: false });
  it('say what is known and nothing else', () => {
    expect(ticketSaid(ticket('A', 'C', '05-12A'), words)).toBe('A-C, seat 05-12A');
    expect(ticketSaid(ticket('A', 'B', null), words)).toBe('A-B');
    expect(ticketSaid(ticket(null, null, '12A'), words)).toBe('seat 12A');
    for (const none of [ticket(null, null, null), ticket('A', null, null)]) expect(ticketSaid(none, words)).toBe('unknown');
  });
});

describe('a job', () => {
  const job: TraceJob = {
    job: 'j1',
    state: 'running',
    cases: 10,
    done: 4,
    contacts: 7,
    hops: 2,
    record: false,
    contacts_recorded: 0,
    contacts_withdrawn: 0,
    started_at: '2022-03-13T04:00:00Z',
    expires_at: null,
    problem: null,
  };

  it('is over when nothing more will come', () => {
    expect((['waiting', 'running', 'done', 'cancelled', 'failed'] as const).map((state) => isOver({ ...job, state }))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('never goes back', () => {
    expect(newer(null, job)).toBe(job);
    expect(newer(job, { ...job, done: 3 })).toBe(job);
    expect(newer(job, { ...job, done: 5 }).done).toBe(5);
    expect(newer({ ...job, state: 'done' }, job).state).toBe('done');
    expect(newer(job, { ...job, done: 0, state: 'cancelled' }).state).toBe('cancelled');
    expect(newer({ ...job, state: 'done' }, { ...job, job: 'j2' }).job).toBe('j2');
  });

  it('hears only what is about it', () => {
    expect(readEvent('j1', JSON.stringify(job))).toEqual(job);
    expect(readEvent('j2', JSON.stringify(job))).toBeNull();
    for (const odd of ['', 'null', '{', '{"job":"j1"}', 5, null]) expect(readEvent('j1', odd)).toBeNull();
  });
});
