/** What the server showed against what this device found, field by field. */
import type { MadeAssessment } from '../shared/policy';

export type Field = 'policy_digest' | 'colour' | 'reasons' | 'next_change';

export interface Difference {
  field: Field;
  /** What the server said. */
  said: string;
  /** What this device found. */
  found: string;
}

/** The parts of an assessment that are compared; the one shown has them too. */
export type Comparable = Pick<MadeAssessment, 'colour' | 'next_change' | 'policy'> & {
  reasons: Pick<MadeAssessment['reasons'][number], 'rule' | 'colour' | 'evidence' | 'counted_from' | 'since' | 'until' | 'days' | 'needs'>[];
};

const moment = (t: string | null): string => (t === null ? 'null' : String(Date.parse(t)));
const reason = (r: Comparable['reasons'][number]): string =>
  JSON.stringify([r.rule, r.colour, [...r.evidence].sort(), moment(r.counted_from), moment(r.since), moment(r.until), r.days, r.needs]);
const rules = (a: Comparable): string => a.reasons.map((r) => `${r.rule}: ${r.colour}, ${r.since} – ${r.until ?? '…'} (${r.evidence.join(' ')})`).join('; ') || '—';
const policy = (a: Comparable): string => `${a.policy.id} ${a.policy.version} ${a.policy.digest}`;

/** Nothing left out: an empty list means that every field agrees. */
export function differences(said: Comparable, found: Comparable): Difference[] {
  const out: Difference[] = [];
  if (policy(said) !== policy(found)) out.push({ field: 'policy_digest', said: policy(said), found: policy(found) });
  if (said.colour !== found.colour) out.push({ field: 'colour', said: said.colour, found: found.colour });
  if (said.reasons.map(reason).join() !== found.reasons.map(reason).join()) out.push({ field: 'reasons', said: rules(said), found: rules(found) });
  if (moment(said.next_change) !== moment(found.next_change)) {
    out.push({ field: 'next_change', said: said.next_change ?? '—', found: found.next_change ?? '—' });
  }
  return out;
}

/** A report of a difference for somebody to look into: no name, no code, no evidence. */
export function report(list: readonly Difference[], at: string): string {
  return JSON.stringify({ what: 'jadegate verification difference', at, differences: list }, null, 2);
}
