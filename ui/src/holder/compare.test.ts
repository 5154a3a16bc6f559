import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../shared/openapi';
import { PolicyModule, type MadeAssessment } from '../shared/policy';
import { differences, report } from './compare';

const file = (path: string): Buffer => readFileSync(new URL(path, import.meta.url));
const wasm = await WebAssembly.instantiate(new Uint8Array(file('../../wasm/policy.wasm')), {});
const module = new PolicyModule(wasm.instance.exports);
const policy = file('../../../policies/three-colour.toml').toString();
const contact: Evidence = {
  id: 'e0000000000101', holder: 'h0000000000101', recorded_at: '2022-03-02T08:00:00Z', agency: null, withdrawn_at: null, superseded_by: null,
  fact: { kind: 'contact', case: 'c0000000000101', trace: 't0000000000101', degree: 'close', last_contact: '2022-03-01T07:00:00Z', minutes: 42, certainty: 'recorded', place_kind: 'restaurant' },
};
const make = (evidence: Evidence[], at = '2022-03-05T00:00:00Z'): MadeAssessment => {
  const answer = module.ask({ policy, evidence, at, home: null });
  if ('error' in answer) throw new Error(answer.error.message);
  return answer.ok.assessment;
};

describe('the policy on the device', () => {
  it('makes a colour with its reasons, end and policy digest', () => {
    const a = make([contact]);
    expect([a.colour, a.reasons[0]?.rule]).toEqual(['red', 'close-contact']);
    expect(a.policy.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(make([]).colour).toBe('green');
    expect(differences(a, make([contact]))).toEqual([]);
  });

  it('answers nonsense with an error, and goes on', () => {
    expect(module.ask({ policy: 'x', evidence: [], at: '2022-03-05T00:00:00Z', home: null })).toHaveProperty('error.code', 'policy_has_problems');
    expect(module.ask({ policy, evidence: [{} as Evidence], at: 'never', home: null })).toHaveProperty('error.code', 'request_unreadable');
    expect(make([]).colour).toBe('green');
  });

  it('names what differs, and nothing about the person', () => {
    const a = make([contact]);
    const fields = (said: MadeAssessment): string[] => differences(said, a).map((d) => d.field);
    expect(fields({ ...a, colour: 'green', reasons: [], next_change: null })).toEqual(expect.arrayContaining(['colour', 'reasons']));
    expect(fields({ ...a, policy: { ...a.policy, digest: '0' } })).toEqual(['policy_digest']);
    expect(fields({ ...a, reasons: [] })).toEqual(['reasons']);
    expect(fields({ ...a, next_change: '2030-01-01T00:00:00Z' })).toEqual(['next_change']);
    expect(report(differences({ ...a, colour: 'green' }, a), a.at)).not.toMatch(/h0000000000101|JG1/);
  });
});
