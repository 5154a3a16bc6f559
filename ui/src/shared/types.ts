/** What the API answers, as far as more than one page needs it (see docs/api.md). */
import type { Colour } from './colour';

/** A text in the languages of a policy: language tag to text. */
export type Texts = Record<string, string>;

/** RFC 3339 moment in UTC. */
export type Moment = string;

export interface AgencyRef {
  name: string;
  kind: string;
}

export interface Reason {
  rule: string;
  colour: Colour;
  title: Texts;
  ends: Texts;
  evidence: string[];
  agencies: AgencyRef[];
  counted_from: Moment;
  since: Moment;
  until: Moment | null;
  day: number | null;
  days: number | null;
  needs: string[];
  /** Set while the rule asks for a milder colour than it would, and why. */
  eased?: { by: 'appeal' | 'dispute'; instead_of: Colour; text: Texts; evidence: string[] };
}

export interface Assessment {
  colour: Colour;
  reasons: Reason[];
  warnings: string[];
  at: Moment;
  next_change: Moment | null;
  policy: { id: string; version: number; digest: string };
}

export interface DivisionRef {
  code: string;
  name: string;
  /** In English, with the divisions above it: `西湖区, 杭州市, Zhejiang`. */
  name_en?: string;
  /** With the divisions above it, from the province down. */
  full_name?: string;
}

export interface Info {
  name: string;
  issuer: string;
  mode: 'serve' | 'demo';
  server_time: Moment;
  policy: { id: string; version: number; digest: string; title: Texts; fresh_seconds: number };
  languages: string[];
}

export interface KeySet {
  issuer: string;
  server_time: Moment;
  keys: { kid: string; x: string; not_before: Moment; not_after: Moment }[];
}
