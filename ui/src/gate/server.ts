/** The server as the gate sees it. An interface, so that tests can stand in for it. */
import type { EnrolBody, Enrolled, GateSessionView, GateView as GateInfo, NonceView, PaperAnswer, PaperQuestion, Poster, ScansBody, ScansView } from '../shared/openapi';
import type { Bytes } from '../shared/ed25519';

export type { GateInfo, Poster };

export interface GateServer {
  enrol(body: EnrolBody): Promise<Pick<Enrolled, 'gate'>>;
  challenge(gate: string): Promise<NonceView>;
  session(gate: string, nonce: string, signature: string): Promise<GateSessionView>;
  info(): Promise<GateInfo>;
  scans(scans: ScansBody['scans']): Promise<ScansView>;
  /** How a paper stands now. */
  paper(question: PaperQuestion): Promise<PaperAnswer>;
  /** The signed list of how all papers stand. */
  papers(): Promise<Bytes>;
  poster(): Promise<Poster>;
}

/** Why a request did not succeed, as far as the gate acts on it. */
export interface Failure {
  /**
   * `away`: no answer, an overloaded server or a broken answer, try again later; `signed_out`: no
   * session; `wrong`: what was sent is wrong; `refused`: this gate may not.
   */
  kind: 'away' | 'signed_out' | 'wrong' | 'refused';
  code: string;
  detail: string;
  retryAfter: number | null;
}
