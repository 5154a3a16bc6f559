/**
 * Every closed list of the API document, held against the pages' dictionaries: a word of the program
 * that has no text in one of the languages would reach a person as it is. A list that is new fails
 * until it is named here, with its texts or with the reason why nobody sees it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en as consoleEn } from '../../console/texts/en';
import { en as tracingEn } from '../../console/texts/tracing.en';
import { zh as tracingZh } from '../../console/texts/tracing.zh';
import { zh as consoleZh } from '../../console/texts/zh';
import { en as gateEn } from '../../gate/texts/en';
import { zh as gateZh } from '../../gate/texts/zh';
import { en as numbersEn } from '../../numbers/texts/en';
import { zh as numbersZh } from '../../numbers/texts/zh';
import { en as commonEn } from '../texts/common.en';
import { zh as commonZh } from '../texts/common.zh';
import { en as formsEn } from '../texts/forms.en';
import { zh as formsZh } from '../texts/forms.zh';
import { en as appealsEn } from '../texts/appeals.en';
import { zh as appealsZh } from '../texts/appeals.zh';
import { en as identityEn } from '../texts/identity.en';
import { zh as identityZh } from '../texts/identity.zh';
import { en as recordsEn } from '../texts/records.en';
import { zh as recordsZh } from '../texts/records.zh';

type Json = Record<string, unknown>;
const file = readFileSync(new URL('../../../../crates/web/tests/snapshots/openapi__openapi.snap', import.meta.url), 'utf8');
const api = JSON.parse(file.slice(file.indexOf('\n{') + 1)) as { components: { schemas: Json }; paths: Json };

/** All lists by where they stand: those the document declares, and those it tells in words. */
function lists(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const words = (text: string) => [...text.matchAll(/`([a-z_.]+)`/g)].map((m) => m[1] as string);
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) return value.forEach((v) => walk(v, path));
    if (typeof value !== 'object' || value === null) return;
    const node = value as Json;
    const text = typeof node['description'] === 'string' ? node['description'] : '';
    if (Array.isArray(node['enum']) && node['enum'].length > 1) found.set(path, node['enum'].map(String));
    else if (/`[a-z_.]+`(, | or | and )`/.test(text) && node['properties'] === undefined) found.set(path, words(text));
    for (const [key, inner] of Object.entries(node)) {
      const named = !['properties', 'items', 'schema', 'allOf', 'oneOf', 'anyOf'].includes(key);
      walk(inner, named ? (path === '' ? key : `${path}.${key}`) : path);
    }
  };
  walk(api.components.schemas, '');
  return found;
}

const dictionaries = {
  zh: { app: consoleZh, tracing: tracingZh, gate: gateZh, common: commonZh, forms: formsZh, records: recordsZh, appeals: appealsZh, identity: identityZh, numbers: numbersZh },
  en: { app: consoleEn, tracing: tracingEn, gate: gateEn, common: commonEn, forms: formsEn, records: recordsEn, appeals: appealsEn, identity: identityEn, numbers: numbersEn },
};
type All = (typeof dictionaries)['zh'];

/** Where the texts of a list are, and which of its words are never sent. */
const TEXTS: Record<string, { of: (d: All) => object; not?: string[] }> = {
  AccountEvent: { of: (d) => d.records.changes.event },
  AgencyKind: { of: (d) => d.app.agencyKinds },
  AlarmAnswer: { of: (d) => d.app.alarms.answers },
  AlarmKind: { of: (d) => d.app.alarms.kinds },
  NotAnswered: { of: (d) => d.app.alarms.notAnswered },
  ProtectedGround: { of: (d) => d.app.alarms.protected.grounds },
  AppealFinding: { of: (d) => d.appeals.finding },
  AppealGround: { of: (d) => d.appeals.ground },
  AppealOutcome: { of: (d) => d.records.evidence.outcome },
  AppealState: { of: (d) => d.appeals.state },
  NotByYou: { of: (d) => d.appeals.staff.notByYou },
  // "unstated" is left out of a fact.
  ArrivalPurpose: { of: (d) => d.records.evidence.purpose, not: ['unstated'] },
  CaseClass: { of: (d) => d.records.evidence.class },
  Certainty: { of: (d) => d.records.evidence.certainty },
  Colour: { of: (d) => d.common },
  ContactDegree: { of: (d) => d.records.evidence.degree },
  Direction: { of: (d) => d.gate.direction },
  DocumentType: { of: (d) => d.forms.fields.types },
  'DocumentCorrection.state': { of: (d) => d.app.documents.state },
  EvidenceKind: { of: (d) => d.records.evidence.kind },
  FindingCode: { of: (d) => d.app.operation.findings },
  IdentityRefusal: { of: (d) => d.identity.refusal },
  IdentityStateView: { of: (d) => d.identity.mine.state },
  IdentityTarget: { of: (d) => d.identity.mine.as },
  ImportKind: { of: (d) => d.app.own.imports },
  LinkState: { of: (d) => ({ ...d.app.samePerson.state, ...d.records.joined.state }) },
  MandateState: { of: (d) => d.app.mandate.states },
  OverrideReason: { of: (d) => d.gate.reasons },
  PieceOwner: { of: (d) => d.app.twoPeople.owner },
  PlaceKind: { of: (d) => d.records.place },
  Presence: { of: (d) => d.records.visits.presence },
  'ProposalView.state': { of: (d) => d.app.proposals.states },
  Purpose: { of: (d) => d.records.accesses.purpose },
  'QuarantineDay.state': { of: (d) => d.app.people.days },
  ReadingNote: { of: (d) => d.app.counter.notes },
  RecordKind: { of: (d) => d.app.own.kinds },
  'RecolouringView.cause': { of: (d) => d.app.recolouring.causes },
  RecordsOutcome: { of: (d) => d.app.samePerson.outcome },
  ReleasePaper: { of: (d) => d.records.evidence.paper, not: ['unstated'] },
  RiskLevel: { of: (d) => d.records.evidence.level },
  Role: { of: (d) => d.app.roles },
  'SessionView.device': { of: (d) => d.records.sessions.device },
  StoredKind: { of: (d) => d.app.operation.kinds },
  Symptom: { of: (d) => d.forms.symptom },
  TestMethod: { of: (d) => d.records.evidence.method },
  TestResult: { of: (d) => d.records.evidence.result },
  TraceJobState: { of: (d) => d.tracing.bulk.states },
  WaitingKind: { of: (d) => d.app.waiting.kinds },
  WaitingState: { of: (d) => d.app.waiting.states },
  What: { of: (d) => d.records.accesses.what },
  WrongCause: { of: (d) => d.numbers.harm.causes },
  WithdrawalReason: { of: (d) => d.records.evidence.reasons },
};

/** Lists of which no word is shown, and why. */
const UNSEEN: Record<string, string> = {
  AppealFileKind: 'shown as it is called everywhere: JPEG, PNG, PDF',
  'ArrivalInput.purpose': 'sent only; chosen from ArrivalPurpose',
  'CaseInput.class': 'sent only; chosen from CaseClass',
  Condition: 'words of the page of powers come with it, in both languages',
  'CounterInput.language': 'sent only',
  'Delivery.delivery': 'the page has a sentence for what it does then',
  'DocumentInput.type': 'sent only; chosen from DocumentType',
  DocumentState: 'decides which part of the counter is shown',
  EasedBy: 'the policy brings a text of its own in each language',
  'IdentityInput.purpose': 'sent only; chosen from a list of its own',
  'IdentityInput.target': 'sent only; chosen from IdentityTarget',
  'RefusalInput.reason': 'sent only; chosen from IdentityRefusal',
  'InfoView.mode': 'decides whether the page says that it is a demonstration',
  'LoggedRecord.what': 'stands in the file for checking, for programs',
  MandateStepWord: 'the history stands in the file for checking, for programs',
  PaperForm: 'sent only; a page has a button for each',
  'PersonInput.language': 'sent only',
  Power: 'decides what is shown',
  ReadBy: 'sent by gates only',
  ReadingSource: 'of a visa only the note is shown; of all else the type of the document',
  'Reason.needs': 'the page says that something is needed; what it is, is in the policy’s own text',
  'RegionInput.level': 'sent only; chosen from RiskLevel',
  'RegistrationInput.language': 'sent only',
  'ReleaseInput.paper': 'sent only; chosen from ReleasePaper',
  ScanOutcome: 'decides which of the gate’s screens is shown',
  Sex: 'read from a document and not shown',
  'SignInInput.language': 'sent only',
  'SplitInput.language': 'sent only',
  'TestInput.method': 'sent only; chosen from TestMethod',
  'TestInput.result': 'sent only; chosen from TestResult',
  WhatIfState: 'decides which view of the what-if is shown',
  'WithdrawBody.reason': 'sent only; chosen from WithdrawalReason',
};

describe('closed lists of the API', () => {
  const all = lists();
  it('are found, and each is known here', () => {
    expect(all.size).toBeGreaterThan(40);
    const known = [...Object.keys(TEXTS), ...Object.keys(UNSEEN)].sort();
    expect([...all.keys()].sort(), 'name a new list with its texts, or say why nobody sees its words').toEqual(known);
  });
  for (const [lang, d] of Object.entries(dictionaries)) {
    it.each(Object.entries(TEXTS))(`have a text for every word in ${lang}: %s`, (name, { of, not = [] }) => {
      const texts = of(d as All) as Record<string, unknown>;
      const missing = (all.get(name) ?? []).filter((w) => !not.includes(w) && !Object.hasOwn(texts, w));
      expect(missing).toEqual([]);
    });
  }
});
