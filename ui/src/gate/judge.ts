/** From a code that was read to what the gate says about it. */
import type { Colour } from '../shared/colour';
import { CodeError, type CodeProblem } from './errors';
import type { GateKeySet } from './keys';
import type { Direction, Result } from './queue';
import { verifyCode } from './verify';

/** What the gate knows from the server, kept for the time without it. */
export interface Rules {
  keys: GateKeySet;
  /** Milliseconds by the server's clock at which the keys were fetched. */
  keysAt: number;
  /** Colours that are let in. */
  admit: readonly Colour[];
  /** Seconds for which the keys may be used without reaching the server. */
  graceSeconds: number;
}

export type Problem = CodeProblem | 'gate.keys_old';

/** May a key set of this age still vouch for a code? */
export function keysOld(rules: Rules, now: number): boolean {
  return now - rules.keysAt > rules.graceSeconds * 1000;
}

/** The verdict on one code at `now` (milliseconds by the server's clock). Never rejects. */
export async function judge(text: string, direction: Direction, rules: Rules, now: number): Promise<Result> {
  const refused = (problem: Problem): Result => ({ outcome: 'refused', colour: null, problem });
  try {
    const { colour } = await verifyCode(text, rules.keys, now);
    // A withdrawn key would still look good to an old list: it cannot vouch for this code.
    if (keysOld(rules, now)) return refused('gate.keys_old');
    // Nobody is kept inside because of a colour.
    const admitted = direction === 'out' || rules.admit.includes(colour);
    return { outcome: admitted ? 'admitted' : 'refused', colour, problem: null };
  } catch (e) {
    const code = e instanceof CodeError ? e.code : 'code.malformed';
    // An old list may simply not know a new key; that is the list's fault, not the code's.
    return refused(code === 'code.unknown_key' && keysOld(rules, now) ? 'gate.keys_old' : code);
  }
}
