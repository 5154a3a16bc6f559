/** The three colours, most harmless first. A colour is never shown without its word and shape. */
export type Colour = 'green' | 'yellow' | 'red';

export const COLOURS: readonly Colour[] = ['green', 'yellow', 'red'];

/** Reads a colour from outside; `null` for anything else, so that nothing is green by mistake. */
export function parseColour(value: unknown): Colour | null {
  return COLOURS.find((c) => c === value) ?? null;
}
