/** The geometry of the chart of quarantine places: numbers in, coordinates out. */

/** Round values from 0 to at least `max`, three to six of them. */
export function ticks(max: number): number[] {
  if (max <= 0) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, i) => i * step);
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Point {
  x: number;
  y: number;
}

/** A series in a box: the first value at its left edge, the last at its right, 0 at its bottom. */
export function points(values: readonly number[], top: number, box: Box): Point[] {
  const step = values.length > 1 ? (box.right - box.left) / (values.length - 1) : 0;
  return values.map((v, i) => ({
    x: box.left + i * step,
    y: box.bottom - (top === 0 ? 0 : (v / top) * (box.bottom - box.top)),
  }));
}

export const path = (line: readonly Point[]): string =>
  line.map((p, i) => `${i === 0 ? 'M' : 'L'}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join('');

/** The largest value and where it is; the first of several. */
export function peak(values: readonly number[]): { value: number; at: number } {
  let at = 0;
  values.forEach((v, i) => {
    if (v > (values[at] ?? 0)) at = i;
  });
  return { value: values[at] ?? 0, at };
}
