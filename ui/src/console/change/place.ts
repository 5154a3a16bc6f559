/**
 * Where in a text a line and column are. The server counts characters as people do; a text field
 * counts UTF-16 units.
 */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const before = lines.slice(0, Math.max(0, line - 1));
  if (before.length >= lines.length) return text.length;
  const start = before.reduce((n, l) => n + l.length + 1, 0);
  const whole = Array.from(lines[line - 1] ?? '');
  return start + whole.slice(0, Math.max(0, column - 1)).join('').length;
}

/** From there to the end of the line. */
export function placeOf(text: string, line: number, column: number): { from: number; to: number } {
  const from = offsetOf(text, line, column);
  const end = text.indexOf('\n', from);
  return { from, to: end < 0 ? text.length : end };
}
