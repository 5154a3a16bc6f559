/** From a code on paper to what the gate says about it: by the server's answer, or by the signed list. */
import { parseColour } from '../shared/colour';
import type { PaperAnswer } from '../shared/openapi';
import { CodeError } from './errors';
import { keysOld, type Rules, type Time } from './judge';
import type { Direction, Result } from './queue';
import { parsePaper, type ParsedPaper } from './paper-code';
import { standing, type PaperList } from './status-list';
import { genuine, SKEW_SECONDS } from './verify';

/** A verdict on a paper, and what it rests on. */
export interface PaperVerdict {
  result: Result;
  /** Milliseconds by the server's clock: the moment of the list or of the answer; `null`: of neither. */
  knownAt: number | null;
  /** The masked name, as the server told it. */
  name: string | null;
  /** It rests on the list. */
  byList: boolean;
}

const verdict = (result: Result, more: Partial<PaperVerdict> = {}): PaperVerdict => ({ result, knownAt: null, name: null, byList: false, ...more });

/** Nobody need be asked about a paper that was made up. An unknown key may only be unknown here. */
export const isMadeUp = (v: PaperVerdict): boolean =>
  v.result.problem !== null && v.result.problem.startsWith('code.') && v.result.problem !== 'code.unknown_key';

/** What the server said. */
export function byAnswer(answer: PaperAnswer, direction: Direction, rules: Rules): PaperVerdict {
  const { problem, name_masked: name } = answer;
  const colour = answer.colour === null ? null : parseColour(answer.colour);
  const good = problem === null && colour !== null && rules.admit.includes(colour);
  const outcome = direction === 'out' || good ? 'admitted' : 'refused';
  // A colour that this page does not know lets nobody in.
  const told = problem ?? (colour === null ? 'gate.unreadable' : null);
  return verdict({ outcome, colour: told === null ? colour : null, problem: told }, { knownAt: Date.parse(answer.known_at), name });
}

/** The verdict without network. Never rejects. */
export async function byList(text: string, direction: Direction, rules: Rules, list: PaperList | null, time: Time): Promise<PaperVerdict> {
  const refused = (problem: string): PaperVerdict => verdict({ outcome: 'refused', colour: null, problem });
  try {
    const paper = parsePaper(text);
    await genuine(paper, rules.keys.issuer, rules.keys.paper ?? []);
    time.passed(paper.issuedAt);
    const judged = judgedBy(paper, list, time);
    // Who leaves is not judged: an old list says as well who they are, and nobody is kept inside.
    if (direction === 'out') return { ...judged, result: { ...judged.result, outcome: 'admitted' } };
    if (!time.sure) return refused('gate.clock');
    if (judged.result.problem === null && keysOld(rules, time.now())) return refused('gate.keys_old');
    const { colour, problem } = judged.result;
    const good = problem === null && colour !== null && rules.admit.includes(colour);
    return { ...judged, result: { colour, problem, outcome: good ? 'admitted' : 'refused' } };
  } catch (e) {
    const code = e instanceof CodeError ? e.code : 'code.malformed';
    return refused(code === 'code.unknown_key' && keysOld(rules, time.now()) ? 'gate.keys_old' : code);
  }
}

function judgedBy(paper: ParsedPaper, list: PaperList | null, time: Time): PaperVerdict {
  const now = time.now();
  const problem = (code: string, knownAt: number | null = null) =>
    verdict({ outcome: 'refused', colour: null, problem: code }, { knownAt, byList: knownAt !== null });
  if (now / 1000 + SKEW_SECONDS < paper.issuedAt) return problem('code.not_yet_valid');
  if (now / 1000 >= paper.expiresAt + SKEW_SECONDS) return problem('paper.expired');
  if (list === null) return problem('gate.no_list');
  // Of a paper that was printed after it, a list says what it says of places that nobody has.
  if (now >= list.expires || paper.issuedAt * 1000 >= list.at) return problem('gate.list_old');
  const stands = standing(list, paper.index);
  if (stands === null) return problem('gate.list_old');
  if (stands === 'ended') return problem('paper.ended', list.at);
  return verdict({ outcome: 'refused', colour: stands, problem: null }, { knownAt: list.at, byList: true });
}
