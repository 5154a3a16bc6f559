/** Tickets in words. */
import type { Ticket } from '../types';

export interface TicketWords {
  leg: (from: string, to: string) => string;
  seat: (seat: string) => string;
  unknown: string;
}

function ticket(t: Ticket, words: TicketWords): string {
  const leg = t.from === null || t.to === null ? [] : [words.leg(t.from, t.to)];
  return [...leg, ...(t.seat === null ? [] : [words.seat(t.seat)])].join(', ');
}

/** What is known of somebody's tickets of one trip; somebody may have got off and on again. */
export function tickets(all: readonly Ticket[], words: TicketWords): string {
  return all.map((t) => ticket(t, words)).filter((said) => said !== '').join('; ') || words.unknown;
}
