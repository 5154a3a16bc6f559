/** Taking records back: what can be, and what the server answers. */
import type { Dict } from '../shared/i18n';
import type { Fact, OwnRecord, WithdrawBody, WithdrawnRecords as Withdrawn } from '../shared/openapi';
import { t } from './text';

/**
 * What can be taken back, by the name under which it is sent. A new kind is one line here; its words
 * are in `withdraw.what` and `own.kinds`.
 */
export const TAKEN_BACK = ['evidence', 'case', 'ride', 'import', 'risk_level'] as const satisfies readonly Exclude<keyof WithdrawBody, 'reason'>[];
export type TakenBack = (typeof TAKEN_BACK)[number];
export interface Target {
  kind: TakenBack;
  id: string;
}

export type { Withdrawn };

/** What is sent to take back a piece of evidence: of a case's own piece it is the case. */
export function targetOf(id: string, fact: Fact): Target {
  return fact.kind === 'case' && typeof fact.case === 'string' ? { kind: 'case', id: fact.case } : { kind: 'evidence', id };
}

/** The same for a record of one's own agency; `null`: not by itself. */
export function targetOfRecord(r: OwnRecord): Target | null {
  const kind = TAKEN_BACK.find((k) => k === r.record);
  return kind === undefined || r.withdrawn !== null ? null : { kind, id: r.id };
}

/** What falls with a whole file. */
export function fallsWithFile(kind: string, lines: number): string {
  const { whole } = t().withdraw;
  return (Object.hasOwn(whole, kind) ? whole[kind as keyof typeof whole] : whole.tests)(lines);
}

type What = keyof Dict<ReturnType<typeof t>>['withdraw']['what'];

/** What falls with a record of this kind, in words. */
export function falls(kind: string, fact: Fact | null = null): string {
  const { what, caseOpen } = t().withdraw;
  const said = typeof fact?.kind === 'string' ? fact.kind : kind;
  if (said === 'case') return caseOpen;
  return Object.hasOwn(what, said) ? what[said as What] : what.other;
}
