/** The server as the gate sees it. An interface, so that tests can stand in for it. */
import type { Counts, ScanBody, ServerResult } from './queue';

export interface GateInfo {
  gate: string;
  label: string;
  place: { id: string; name: string; kind: string; division_name: string };
  counts: Counts;
  keys: unknown;
  policy: { fresh_seconds: number; admit: string[] };
  offline_grace_seconds: number;
  server_time: string;
}

export interface Poster {
  poster_code: string;
  screen_code: string;
  screen_expires_at: string;
}

export interface GateServer {
  enrol(body: { token: string; label: string; public_key: string }): Promise<{ gate: string }>;
  challenge(gate: string): Promise<{ nonce: string }>;
  session(gate: string, nonce: string, signature: string): Promise<{ expires_at: string }>;
  info(): Promise<GateInfo>;
  scans(scans: ScanBody[]): Promise<{ results: ServerResult[]; counts: Counts }>;
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
