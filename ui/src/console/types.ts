/**
 * What the API answers to staff: names of these pages for the shapes of the API document
 * (`shared/openapi.d.ts`). No shape of the API is written by hand.
 */
import type { AgencyKind, RecordedCase, ImportReport, RecordedEvidence, RideReport } from '../shared/openapi';

export type {
  AboardView as Aboard,
  Agency as AgencyRow,
  AgencyKind,
  ArrivalPurpose,
  CaseClass,
  RecordedCase,
  CaseRow,
  ContactView as ContactRow,
  DocumentCorrection as Correction,
  EvidenceView as EvidenceRow,
  ExposureView as Exposure,
  Finding,
  FoundHolder as Found,
  GateRow,
  InvitationView as Invited,
  MeView as Me,
  Overview,
  PersonInQuarantine as ConfinedRow,
  PersonRecord as Person,
  PlaceKind,
  PlaceRow,
  Power,
  Purpose,
  RegionRow,
  ReleaseOf,
  RiskLevel,
  Role,
  StaffRow,
  TestMethod,
  TestResult,
  TicketView as Ticket,
  TraceDetail,
  TraceReport,
  WaitingRow,
  WaitingSample,
  Whom,
  WithdrawalReason,
} from '../shared/openapi';

/** Something was recorded: evidence of any kind, or a case. */
export type Recorded = RecordedEvidence | RecordedCase;

/** What became of a file; its numbers depend on the kind of file. */
export type FileReport = ImportReport | RideReport;
export type FileCount = Exclude<keyof ImportReport | keyof RideReport, 'import' | 'rejected'>;

/** Kinds of agency whose staff have no power over people: nothing to confirm. */
export const WITHOUT_POWERS_OVER_PEOPLE: readonly AgencyKind[] = ['venue', 'operator', 'auditor', 'school_or_employer'];
