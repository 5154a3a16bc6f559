/** Timelines of a what-if in the form that is drawn. */
import type { Segment } from '../../shared/timeline';
import type { Texts } from '../../shared/types';
import type { RuleChange, SampleSegment } from './types';

/** The rules' titles come with the numbers by rule; one without a title stands for itself. */
export function segments(sample: readonly SampleSegment[], rules: readonly RuleChange[]): Segment[] {
  const title = (id: string): Texts => rules.find((r) => r.rule === id)?.title ?? { en: id, zh: id };
  return sample.map((s) => ({
    from: s.from,
    to: s.to,
    colour: s.colour,
    reasons: s.rules.map((rule) => ({ rule, colour: s.colour, title: title(rule), ends: {} })),
  }));
}
