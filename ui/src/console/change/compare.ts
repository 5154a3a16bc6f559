/** The what-if of the proposal beside the one of the decision. */
import { COLOURS } from '../../shared/colour';
import type { AttachedWhatIf } from './types';

export type Measure = 'confined' | 'noLab' | 'free' | 'green' | 'yellow' | 'red' | 'places';

export interface Compared {
  measure: Measure;
  first: number;
  later: number;
}

/** Most places needed on one of the days. */
const places = (w: AttachedWhatIf): number => w.result.places.reduce((most, p) => Math.max(most, p.after), 0);

export function compare(first: AttachedWhatIf, later: AttachedWhatIf): Compared[] {
  const row = (measure: Measure, of: (w: AttachedWhatIf) => number): Compared => ({
    measure,
    first: of(first),
    later: of(later),
  });
  return [
    row('confined', (w) => w.result.newly_confined),
    row('noLab', (w) => w.result.newly_confined_without_lab_case),
    row('free', (w) => w.result.newly_free),
    ...COLOURS.map((c) => row(c, (w) => w.result.after[c])),
    row('places', places),
  ];
}
