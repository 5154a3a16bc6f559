import { describe, expect, it } from 'vitest';
import { firstDay, readDeclared, stayProblem } from './declaration';
import { parseTemperature } from './forms';
import { parseRoute } from './route.svelte';

describe('declarations', () => {
  it('are read as evidence, with whole local days', () => {
    const d = readDeclared({
      id: 'e0000000000001',
      recorded_at: '2022-03-04T00:00:00Z',
      superseded_by: null,
      fact: {
        kind: 'declaration',
        temperature: 36.6,
        symptoms: ['cough'],
        contact_with_case: true,
        // 1 to 3 March in Shanghai: from the first moment to the moment after the last day.
        stays: [{ division: 'CN-3101', from: '2022-02-28T16:00:00Z', to: '2022-03-03T16:00:00Z' }],
      },
    });
    expect(d).toEqual({
      id: 'e0000000000001',
      recorded_at: '2022-03-04T00:00:00Z',
      replaced: false,
      temperature: 36.6,
      symptoms: ['cough'],
      contact: true,
      stays: [{ division: 'CN-3101', from: '2022-03-01', to: '2022-03-03' }],
    });
    expect(readDeclared(null)).toBeNull();
  });

  it('take stays of the last 14 days', () => {
    const today = '2022-03-15';
    const stay = { division: 'CN-31', from: '2022-03-01', to: '2022-03-15' };
    expect(firstDay(today)).toBe('2022-03-01');
    expect(stayProblem(stay, today)).toBeNull();
    expect(stayProblem({ ...stay, division: '' }, today)).toBe('division');
    expect(stayProblem({ ...stay, from: '' }, today)).toBe('dates');
    expect(stayProblem({ ...stay, from: '2022-02-28' }, today)).toBe('window');
    expect(stayProblem({ ...stay, to: '2022-03-16' }, today)).toBe('window');
    expect(stayProblem({ ...stay, from: '2022-03-10', to: '2022-03-09' }, today)).toBe('backwards');
  });

  it('take a temperature as people type it', () => {
    for (const t of ['36.6', '36,6', ' 36.6 °C', '３６．６', '36.6℃', '36.60']) expect(parseTemperature(t), t).toBe(36.6);
    expect(parseTemperature('')).toBeNull();
    for (const t of ['98.6', '33.9', '43.1', 'warm', '366', '-1', '1e1']) expect(parseTemperature(t), t).toBeUndefined();
  });
});

describe('routes', () => {
  it('are known names or the code', () => {
    expect(parseRoute('#/visits')).toBe('visits');
    for (const h of ['', '#', '#/', '#/rubbish', '#/constructor']) expect(parseRoute(h)).toBe('code');
  });
});
