import { describe, expect, it } from 'vitest';
import { divisionOf, ownLine, staffLine } from '../fact';
import type { Fact } from '../openapi';
import { en as console } from '../../console/texts/en';

const at = '2022-03-14T02:00:00Z';
const arrival = { kind: 'arrival', from: 'US-NY', arrived_at: at, purpose: 'work' } as Fact;

describe('evidence in words', () => {
  it('never fails, whatever it holds', () => {
    const kinds = ['test', 'case', 'contact', 'stay', 'region_risk', 'declaration', 'check_in', 'arrival', 'release', 'dispute', 'appeal', 'appeal_decision', 'new', 7];
    for (const kind of kinds) {
      const fact = { kind } as unknown as Fact;
      for (const said of [ownLine(fact, 'en'), staffLine(fact, 'en', console.fact), divisionOf(fact)]) expect(typeof said).toBe('string');
    }
  });
  it('says what speaks for having met, and names nobody', () => {
    const contact = { kind: 'contact', case: 'c0000000000001', trace: 't0000000000001', degree: 'close', last_contact: at, minutes: 42, certainty: 'recorded', place_kind: 'leisure' };
    const plain = ownLine(contact as Fact, 'en');
    const together = { percent: 79, apart: { arrival: 1, leaving: 2 } };
    const said = ownLine({ ...contact, together } as Fact, 'en');
    expect(said.startsWith(plain)).toBe(true);
    expect(said).not.toContain('c0000000000001');
    for (const n of ['1', '2', '79']) expect(said.slice(plain.length)).toContain(n);
    // By minutes alone: nothing that speaks for it.
    expect(ownLine({ ...contact, together: { percent: 28 } } as Fact, 'en')).toBe(plain);
  });
  it('says to the holder and to staff what they need', () => {
    expect(ownLine(arrival, 'en')).toMatch(/^(work|工作) · /);
    expect(staffLine(arrival, 'en', console.fact)).toContain('from US-NY');
    expect(divisionOf(arrival)).toBe('US-NY');
    // A record from before the question says nothing of it.
    expect(ownLine({ kind: 'arrival', from: 'US', arrived_at: at } as Fact, 'en')).not.toContain('·');
    const sick = { kind: 'declaration', temperature: 38.5, symptoms: ['fever'], contact_with_case: true, stays: [] } as unknown as Fact;
    expect(ownLine(sick, 'en').split('; ')).toHaveLength(3);
    expect(staffLine(sick, 'en', console.fact)).toContain('38.5 °C');
  });
});
