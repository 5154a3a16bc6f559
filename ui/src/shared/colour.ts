import type { Colour } from './openapi';

/** A colour is never shown without its word and shape. */
export type { Colour } from './openapi';

/** The three colours, most harmless first. */
export const COLOURS: readonly Colour[] = ['green', 'yellow', 'red'];

/** Reads a colour from outside; `null` for anything else, so that nothing is green by mistake. */
export function parseColour(value: unknown): Colour | null {
  return COLOURS.find((c) => c === value) ?? null;
}
