/**
 * Why a code is refused. The codes are those of the server's verifier (`crates/pass`), in the order
 * in which a verifier notices them.
 */
export const CODE_PROBLEMS = [
  'code.not_ours',
  'code.malformed',
  'code.wrong_issuer',
  'code.unknown_key',
  'code.bad_signature',
  'code.stale',
  'code.not_yet_valid',
] as const;

export type CodeProblem = (typeof CODE_PROBLEMS)[number];

/** A refused code. Says nothing about its holder, and never means green. */
export class CodeError extends Error {
  readonly code: CodeProblem;
  constructor(code: CodeProblem) {
    super(code);
    this.name = 'CodeError';
    this.code = code;
  }
}
