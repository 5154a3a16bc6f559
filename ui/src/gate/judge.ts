/** From a code that was read to what the gate says about it. */
import type { Colour } from '../shared/colour';
import { CodeError, type CodeProblem } from './errors';
import type { GateKeySet } from './keys';
import type { Direction, Result } from './queue';
import { genuineCode, outOfTime } from './verify';

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

export type Problem = CodeProblem | 'gate.keys_old' | 'gate.clock';

/** What the gate knows of the time. */
export interface Time {
  /** Milliseconds by the server's clock. */
  now(): number;
  /** Can an old code be told from a fresh one? */
  readonly sure: boolean;
  /** A code with a good signature was made at this moment, in seconds. */
  passed(issuedAt: number): void;
}

/** May a key set of this age still vouch for a code? */
export function keysOld(rules: Rules, now: number): boolean {
  return now - rules.keysAt > rules.graceSeconds * 1000;
}

/** The verdict on one code. Never rejects. */
export async function judge(text: string, direction: Direction, rules: Rules, time: Time): Promise<Result> {
  const refused = (problem: Problem): Result => ({ outcome: 'refused', colour: null, problem });
  try {
    const code = await genuineCode(text, rules.keys);
    time.passed(code.issuedAt);
    const problem = outOfTime(code, time.now());
    // Who leaves is not judged: an old code says as well who they are, and nobody is kept inside.
    if (direction === 'out') return { outcome: 'admitted', colour: problem ? null : code.colour, problem };
    if (!time.sure) return refused('gate.clock');
    if (problem) return refused(problem);
    // A withdrawn key would still look good to an old list: it cannot vouch for this code.
    if (keysOld(rules, time.now())) return refused('gate.keys_old');
    const admitted = rules.admit.includes(code.colour);
    return { outcome: admitted ? 'admitted' : 'refused', colour: code.colour, problem: null };
  } catch (e) {
    const code = e instanceof CodeError ? e.code : 'code.malformed';
    // An old list may simply not know a new key; that is the list's fault, not the code's.
    return refused(code === 'code.unknown_key' && keysOld(rules, time.now()) ? 'gate.keys_old' : code);
  }
}
