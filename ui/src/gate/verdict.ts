/** What kind of verdict it is, and its words: on the screen, and aloud. */
import type { Direction, Result } from './queue';
import { problemText, t } from './text';

export type Kind = 'admitted' | 'left' | 'override' | 'yellow' | 'red' | 'unclear';

export function kindOf(result: Result, direction: Direction): Kind {
  if (result.outcome === 'override') return 'override';
  if (result.outcome === 'admitted') return direction === 'out' ? 'left' : 'admitted';
  return result.colour === 'yellow' || result.colour === 'red' ? result.colour : 'unclear';
}

export function wordOf(kind: Kind): string {
  const { verdict } = t();
  return kind === 'admitted' || kind === 'left' || kind === 'override' ? verdict[kind] : verdict.refused;
}

/** What is said aloud. Not the colour: the whole queue would hear it. */
export function spokenOf(result: Result, direction: Direction): string {
  const word = wordOf(kindOf(result, direction)).toLowerCase();
  return result.problem === null || result.outcome !== 'refused' ? word : t().spoken(word, problemText(result.problem).title);
}
