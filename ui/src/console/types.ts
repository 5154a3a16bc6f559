/** What the API answers to staff (see docs/api.md). */
import type { Colour } from '../shared/colour';
import type { Segment } from '../shared/timeline';
import type { AgencyRef, Assessment, Moment, Reason, Texts } from '../shared/types';

export const POWERS = [
  'record_test',
  'record_case',
  'run_trace',
  'record_arrival',
  'record_rides',
  'record_release',
  'accompany',
  'find_person',
  'open_person',
  'read_lists',
  'set_region',
  'publish_policy',
  'manage_places',
  'invite_staff',
  'confirm_powers',
  'confirm_waiting',
  'withdraw_record',
  'read_audit',
  'read_operation',
] as const;
export type Power = (typeof POWERS)[number];

export interface Me {
  staff: { id: string; display_name: string; role: string; region: string; region_name: string };
  agency: { id: string; kind: string; name: string };
  may: string[];
  /** Powers over people need the health commission's confirmation. */
  confirmation: {
    needed: boolean;
    agency: boolean;
    staff: boolean;
    /** While one waits: the fingerprint of one's own passkey. */
    passkey: string | null;
  };
}

export interface Overview {
  colours: Record<Colour, number>;
  holders: number;
  cases_open: number;
  traces: number;
  confined: number;
  missed_check_in: number;
  due_release: number;
  /** Confined people who are missing from the three numbers above. */
  unreadable: number;
  /** Records that wait for a second pair of eyes. */
  waiting: number;
  server_time: Moment;
  policy: { id: string; version: number; digest: string };
}

export interface DocumentBody {
  type: string;
  number: string;
  country?: string;
}

/** Whom something is about: exactly one of them. */
export type Whom = { holder: string } | { document: DocumentBody } | { phone: string };

export interface Recorded {
  assessment: Assessment;
  new?: boolean;
  /** It colours nobody before somebody else has confirmed it. */
  waiting?: boolean;
}

export interface WaitingRow {
  id: string;
  kind: string;
  agency: AgencyRef | null;
  records: number;
  made_at: Moment;
  expires_at: Moment;
  state: string;
  decided_at: Moment | null;
  decided_by: AgencyRef | null;
  may_confirm: boolean;
  may_refuse: boolean;
  has_samples: boolean;
}

export interface WaitingSample {
  number: number;
  sample: string | null;
  result: string;
  method: string;
  sampled_at: Moment;
}

/** What became of a file; its other numbers depend on the kind of file. */
export interface FileReport {
  rejected: { line: number; code: string; detail: string }[];
  [count: string]: number | FileReport['rejected'];
}

export interface CaseRow {
  id: string;
  holder: string;
  name_masked: string;
  class: string;
  onset_at: Moment | null;
  confirmed_at: Moment;
  isolated_at: Moment | null;
  recorded_at: Moment;
  withdrawn_at: Moment | null;
  latest_trace: string | null;
  close: number;
  secondary: number;
  may_withdraw: boolean;
}

export interface TraceReport {
  trace: string;
  case: string;
  window: { from: Moment; to: Moment };
  close: number;
  secondary: number;
  places: number;
  ms: number;
  contacts_recorded: number;
  contacts_withdrawn: number;
  contacts_waiting: number;
  contacts_unreadable: number;
}

export interface Exposure {
  place: { id: string; name: string; kind: string };
  from: Moment;
  to: Moment;
  minutes_lower: number;
  minutes_upper: number;
  certainty: string;
  /** Aboard a trip: which one, and what tickets say. */
  aboard?: Aboard | null;
}

export interface Aboard {
  number: string;
  date: string;
  /** Of the case, or of the close contact in between. */
  source: Ticket[];
  contact: Ticket[];
}

export interface Ticket {
  from: string | null;
  to: string | null;
  seat: string | null;
}

export interface ContactRow {
  holder: string;
  degree: string;
  minutes: number;
  certainty: string;
  last_contact: Moment;
  via: string | null;
  exposures: Exposure[];
  colour: Colour | null;
}

export interface TraceDetail {
  trace: string;
  case: string;
  ran_at?: Moment;
  close: number;
  secondary: number;
  replaced_by?: string | null;
  window: { from: Moment; to: Moment };
  contacts: ContactRow[];
}

export interface ConfinedRow {
  holder: string;
  name_masked: string;
  home_name: string;
  colour: Colour;
  since: Moment | null;
  until: Moment | null;
  day: number | null;
  days: number | null;
  last_check_in: Moment | null;
  missed_days: number;
  due: boolean;
  reasons: Texts[];
}

export interface Found {
  holder: string;
  name_masked: string;
  home_name: string;
  assessment: Assessment;
}

export interface EvidenceRow {
  id: string;
  kind: string;
  fact: Record<string, unknown>;
  recorded_at: Moment;
  by: AgencyRef | null;
  /** The division whose authority recorded it, if it came from elsewhere. */
  origin?: string | null;
  withdrawn_at: Moment | null;
  /** Who took it back, and why. */
  withdrawn: { by: AgencyRef | null; reason: string } | null;
  superseded_by: string | null;
  counts: boolean;
}

export interface Person extends Found {
  evidence: EvidenceRow[];
  /** Which of it whoever asks may take back. */
  withdrawable: string[];
  /** Colours from the first evidence to the last change that can be foreseen. */
  timeline: Segment[];
  history: { at: Moment; from: Colour | null; to: Colour; reasons: Reason[] }[];
  quarantine: {
    active: boolean;
    since: Moment | null;
    until: Moment | null;
    day: number | null;
    days: number | null;
    today_done: boolean;
    days_list: { date: string; state: string }[];
  };
  what_they_see: {
    colour: Colour;
    reasons: { rule: string; title: Texts; ends: Texts; eased?: { text: Texts } }[];
    next_change: Moment | null;
    check_in_expected: boolean;
    check_in_done: boolean;
    accesses: { at: Moment; agency: AgencyRef | null; purpose: string; what: string }[];
  };
}

export interface RegionRow {
  id: string;
  division: string;
  name: string;
  level: string;
  from: Moment;
  to: Moment | null;
  recorded_at: Moment;
  in_force: boolean;
}

export interface PlaceRow {
  id: string;
  name: string;
  kind: string;
  division: string;
  division_name: string;
  registered_at: Moment;
}

export interface GateRow {
  id: string;
  place: string;
  label: string;
  enrolled_at: Moment;
  revoked_at: Moment | null;
}

export interface AgencyRow {
  id: string;
  kind: string;
  name: string;
  region: string;
  confirmed_at: Moment | null;
}

/** Kinds of agency whose staff have no power over people: nothing to confirm. */
export const WITHOUT_POWERS_OVER_PEOPLE: readonly string[] = ['venue', 'operator', 'auditor', 'public_security'];

export interface StaffRow {
  id: string;
  display_name: string;
  agency_name: string;
  agency_kind: string;
  role: string;
  region: string;
  created_at: Moment;
  disabled_at: Moment | null;
  needs_confirmation: boolean;
  confirmed_at: Moment | null;
  /** While they wait: the fingerprint of their passkey. */
  passkey: string | null;
}
