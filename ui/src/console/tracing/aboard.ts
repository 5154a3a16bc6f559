/** Tickets in words. */
import type { Ticket } from '../types';

export interface TicketWords {
  leg: (from: string, to: string) => string;
  seat: (seat: string) => string;
  unknown: string;
}

/** One ticket: what is known of it. */
export function ticketSaid(t: Ticket, words: TicketWords): string {
  const leg = t.from === null || t.to === null ? [] : [words.leg(t.from, t.to)];
  return [...leg, ...(t.seat === null ? [] : [words.seat(t.seat)])].join(', ') || words.unknown;
}
