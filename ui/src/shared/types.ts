/**
 * What the API answers, as far as more than one page needs it: names of these pages for the shapes of
 * the API document (`openapi.d.ts`, made by `npm run types`). No shape of the API is written by hand.
 */
import type { DivisionView } from './openapi';

export type {
  AgencyName as AgencyRef,
  AssessmentView as Assessment,
  /** A text in the languages of a policy: language tag to text. */
  BTreeMap as Texts,
  EvidenceView as Evidence,
  Fact,
  InfoView as Info,
  PublishedKeys as KeySet,
  PolicyRef,
  Problem,
  ProblemField as FieldError,
  ReasonView as Reason,
  Symptom,
  /** RFC 3339 moment in UTC. */
  Timestamp as Moment,
} from './openapi';

/** A division as the server names it; of a country only its own name is known. */
export type DivisionRef = Pick<DivisionView, 'code' | 'name'> & Partial<DivisionView>;
