/** Where the parts of a timeline are drawn; no component, so that tests can ask it directly. */
import type { Colour } from './colour';
import type { SegmentView } from './openapi';
import type { Moment, Reason } from './types';

/** One active rule, as far as a timeline shows it: agencies by name or by id are left out. */
export type SegmentReason = Pick<Reason, 'rule' | 'colour' | 'title' | 'ends' | 'eased'>;

/** A stretch of time with one colour and one list of reasons. */
export type Segment = Omit<SegmentView, 'reasons'> & { reasons: SegmentReason[] };

/** A segment's bar in hundredths of the picture's width. */
export interface Bar {
  colour: Colour;
  x: number;
  width: number;
  /** Its first moment, where there is room to write it. */
  label: Label | null;
}

/** A day written below a bar. */
export interface Label {
  day: Moment;
  /** From where it is written, in hundredths. */
  x: number;
  /** To the right of it, or to the left: the last one stays inside the picture. */
  anchor: 'start' | 'end';
}

/** Most bars in one picture; earlier ones are in the list only. */
export const MOST_BARS = 12;
/** No bar is thinner, so that each can be seen; no open end is wider. */
const THINNEST = 6;
const OPEN_END = 18;
/** Distance that a written day needs. */
const LABEL = 24;
/** Where the last day fits that is written to the right. */
const LAST = 100 - LABEL;

/** The index of the segment that holds `now` (milliseconds); -1 before the first. */
export function currentIndex(segments: readonly Segment[], now: number): number {
  const later = segments.findIndex((s) => Date.parse(s.from) > now);
  return later < 0 ? segments.length - 1 : later - 1;
}

/**
 * Bars for the last segments. Widths follow time, except that a short stretch keeps a least width
 * and one without an end a fixed one: the picture shows the order and roughly the lengths, the list
 * beside it the moments.
 */
export function bars(segments: readonly Segment[]): Bar[] {
  const shown = segments.slice(-MOST_BARS);
  const length = (s: Segment): number => (s.to === null ? 0 : Math.max(0, Date.parse(s.to) - Date.parse(s.from)));
  const open = shown.at(-1)?.to === null ? (shown.length === 1 ? 100 : OPEN_END) : 0;
  const total = shown.reduce((sum, s) => sum + length(s), 0);
  const ended = shown.filter((s) => s.to !== null).length;
  const room = 100 - open - ended * THINNEST;
  let x = 0;
  let free = 0;
  return shown.map((s) => {
    const width = s.to === null ? open : THINNEST + (total > 0 ? (room * length(s)) / total : room / ended);
    const bar: Bar = { colour: s.colour, x, width, label: null };
    if (x >= free && x <= LAST) {
      bar.label = { day: s.from, x, anchor: 'start' };
      free = x + LABEL;
    } else if (x > LAST && free <= LAST) {
      bar.label = { day: s.from, x: 100, anchor: 'end' };
      free = 100;
    }
    x += width;
    return bar;
  });
}

/** Where `now` stands in the picture, in hundredths; `null` if it is outside. */
export function nowAt(segments: readonly Segment[], now: number): number | null {
  const shown = segments.slice(-MOST_BARS);
  const i = currentIndex(shown, now);
  const [s, bar] = [shown[i], bars(segments)[i]];
  if (!s || !bar) return null;
  if (s.to === null) return bar.x + bar.width / 2;
  const [from, to] = [Date.parse(s.from), Date.parse(s.to)];
  return now < to ? bar.x + (bar.width * (now - from)) / (to - from) : null;
}
