/** The gate's server over HTTP. */
import { api, ApiError, download } from '../shared/api';
import type { Failure, GateServer } from './server';

const part = encodeURIComponent;

export const server: GateServer = {
  enrol: (body) => api.post('/v1/gates', body),
  challenge: (gate) => api.post(`/v1/gates/${part(gate)}/challenge`),
  session: (gate, nonce, signature) =>
    api.post(`/v1/gates/${part(gate)}/session`, { nonce, signature }),
  info: () => api.get('/v1/gate'),
  scans: (scans) => api.post('/v1/gate/scans', { scans }),
  // Somebody stands at the door: who does not answer soon does not answer.
  paper: (question) => api.post('/v1/gate/paper', question, { timeout: 4_000 }),
  papers: async () => new Uint8Array(await (await download('GET', '/v1/gate/papers')).arrayBuffer()),
  poster: () => api.get('/v1/gate/poster'),
};

/**
 * Sorts what went wrong: no session, wrong in itself, refused, or to be tried again. Whatever is not
 * plainly a refusal is tried again, so that a fault of the server loses no scan.
 */
export function failure(e: unknown): Failure {
  if (!(e instanceof ApiError)) return { kind: 'away', code: 'fault', detail: '', retryAfter: null };
  const { status, code, detail, retryAfter } = e;
  if (status === 401) return { kind: 'signed_out', code, detail, retryAfter };
  if (status === 400 || status === 413 || status === 422) return { kind: 'wrong', code, detail, retryAfter };
  const refused = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return { kind: refused ? 'refused' : 'away', code, detail, retryAfter };
}
