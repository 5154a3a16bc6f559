/** Evidence as staff see it. */
import { staffLine } from '../shared/fact';
import type { Lang } from '../shared/i18n';
import type { Fact, ReleaseOf } from '../shared/openapi';
import { t } from './text';

/** What a piece of evidence says, in one line. */
export const factLine = (fact: Fact, lang: Lang): string => staffLine(fact, lang, t().fact);

/** The case or trace that a release of this piece would refer to. */
export function releaseOf(fact: Fact): ReleaseOf | null {
  if (fact.kind === 'case' && typeof fact.case === 'string') return { case: fact.case };
  if (fact.kind === 'contact' && typeof fact.trace === 'string') return { trace: fact.trace };
  return null;
}
