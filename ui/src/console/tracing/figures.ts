/**
 * How many of those a trace flags really met: one in so many. Measured with badges that see each
 * other (docs/tracing.md), everybody flagged who shared at least 15 minutes in the same house.
 */
export const ONE_IN = { museum: 4, school: 9, ward: 2 } as const;
