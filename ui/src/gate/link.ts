/** The token of an enrolment link (`/gate/#enrol=TOKEN`), of its hash alone, or `null`. */
export function tokenOf(text: string): string | null {
  return /#enrol=([A-Za-z0-9_-]{8,200})\s*$/.exec(text)?.[1] ?? null;
}
