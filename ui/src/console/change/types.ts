/** What the API answers about changes of the policy and of risk levels (see docs/api.md). */
import type { Colour } from '../../shared/colour';
import type { Moment, Texts } from '../../shared/types';

export interface PolicyName {
  id: string;
  version: number;
  digest: string;
}

/** One thing wrong with a policy file; line and column count from 1. */
export interface TextProblem {
  line: number;
  column: number;
  code: string;
  message: string;
}

/** One thing that two policies say differently, in words; `null` where one says nothing. */
export interface Difference {
  about: string;
  before: string | null;
  after: string | null;
}

export interface Checked {
  problems: TextProblem[];
  policy: (PolicyName & { title: Texts }) | null;
  differences: Difference[];
  /** Whether it always says the same as the policy in force. */
  same: boolean;
}

export interface PolicyRow extends PolicyName {
  title: Texts;
  authority: Texts;
  source: string;
  published_at: Moment;
  by_agency: string | null;
  in_force: boolean;
  text_url: string;
}

export type ChangeRequest =
  | { kind: 'policy'; text: string }
  | { kind: 'region'; division: string; level: string; from: Moment; to?: Moment };

/** What is to change. */
export interface RegionLine {
  division: string;
  name: string;
  level: string;
  from: Moment;
  to: Moment | null;
}
export type ChangeSummary =
  /** `text` is there where one change is asked for by itself. */
  | { kind: 'policy'; policy: PolicyName; title: Texts; text?: string | null }
  | ({ kind: 'region' } & RegionLine)
  /** A list of levels; the first of them are named. */
  | { kind: 'regions'; count: number; entries: RegionLine[] };

export type Counts = Record<Colour, number>;

export interface DivisionChange {
  division: string;
  people: number;
  before: Counts;
  after: Counts;
  newly_confined: number;
  newly_free: number;
}

export interface RuleChange {
  rule: string;
  title: Texts;
  before: number;
  after: number;
}

export interface PlacesOnDay {
  /** Local calendar day, `2022-03-01`. */
  day: string;
  before: number;
  after: number;
}

export interface SampleSegment {
  from: Moment;
  to: Moment | null;
  colour: Colour;
  rules: string[];
}

/** One person who changes, without any name or place. */
export interface Sample {
  before: SampleSegment[];
  after: SampleSegment[];
}

export interface WhatIfResult {
  at: Moment;
  people: number;
  with_evidence: number;
  policy_before: PolicyName;
  policy_after: PolicyName;
  before: Counts;
  after: Counts;
  newly_confined: number;
  newly_free: number;
  more_severe: number;
  less_severe: number;
  newly_confined_without_lab_case: number;
  divisions: DivisionChange[];
  rules: RuleChange[];
  places: PlacesOnDay[];
  samples: Sample[];
}

/**
 * The division in which the largest part of the people would be newly confined, at the moment at
 * which they are most; small changes of the last day are counted with it.
 */
export interface Share {
  division: string;
  name: string;
  percent: number;
  newly_confined: number;
  people: number;
  at: Moment;
}

export interface WhatIf {
  id: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  /** Steps of the work, not people; 0 of 0 until it is known how many. */
  progress: { done: number; of: number };
  change: ChangeSummary;
  needs_second_officer: boolean | null;
  share: Share | null;
  threshold_percent: number;
  /** People newly confined by it and by small changes of the last day; `null` until it is done. */
  confined_people: number | null;
  threshold_people: number;
  result: WhatIfResult | null;
  differences: Difference[];
  made_at: Moment;
  valid_until: Moment;
}

export interface AttachedWhatIf {
  result: WhatIfResult;
  needs_second_officer: boolean;
  share: Share | null;
  confined_people: number;
  made_at: Moment;
  differences: Difference[];
}

export interface Officer {
  /** `null` for the machine's own command line. */
  name: string | null;
  agency: string;
}

export interface Proposal {
  id: string;
  change: ChangeSummary;
  state: 'waiting' | 'applied' | 'rejected' | 'withdrawn' | 'expired';
  proposed_by: Officer;
  /** Whether the one who asks proposed it: then somebody else has to decide. */
  mine: boolean;
  /** Whether the one who asks may decide on it. */
  may_decide: boolean;
  proposed_at: Moment;
  expires_at: Moment;
  reason: string;
  decided_by: Officer | null;
  decided_at: Moment | null;
  decision_reason: string | null;
  what_if: AttachedWhatIf;
  what_if_at_decision: AttachedWhatIf | null;
  threshold_percent: number;
  /** `null` in proposals of before there was such a limit. */
  threshold_people: number | null;
}

export interface RecolouringJob {
  id: string;
  cause: string;
  policy: PolicyName;
  started_at: Moment;
  finished_at: Moment | null;
  done: number;
  of: number;
  changed: { to_green: number; to_yellow: number; to_red: number };
}

export interface Recolouring {
  current: RecolouringJob | null;
  last: RecolouringJob | null;
}
