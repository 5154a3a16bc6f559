/**
 * Talking to the server. `api.get/post/del` make exactly one request each, and know by the address
 * what is sent and what is answered (see `endpoints.ts`). Whoever tries again what failed for want of
 * network or capacity waits `backoffDelay` before: longer each time with full jitter, and never less
 * than the server's `Retry-After`. Answers that carry `server_time` set the clock.
 */
import type { Answer, PathOf, Rest } from './endpoints';
import { clock } from './time';
import type { FieldError, Problem } from './types';

/** A failed request: an RFC 9457 problem document, or `network` if there was no answer at all. */
export class ApiError extends Error {
  /** Stable; pages translate by it. `network`, `timeout` and `http.<status>` are made here. */
  readonly code: string;
  /** What happened and what to do, in the server's words. */
  readonly detail: string;
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** Seconds the server asked to wait, if it did. */
  readonly retryAfter: number | null;
  readonly errors: readonly FieldError[];
  /** The whole problem document, for members like `tries_left`. */
  readonly problem: Readonly<Partial<Problem>>;

  constructor(p: {
    code: string;
    detail?: string;
    status?: number;
    retryAfter?: number | null;
    errors?: FieldError[];
    problem?: Partial<Problem>;
  }) {
    super(p.code);
    this.name = 'ApiError';
    this.code = p.code;
    this.detail = p.detail ?? '';
    this.status = p.status ?? 0;
    this.retryAfter = p.retryAfter ?? null;
    this.errors = p.errors ?? [];
    this.problem = p.problem ?? {};
  }

  /** No answer, or one that says "later": the same request may succeed after a wait. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** `Retry-After` in seconds: a number or an HTTP date; `null` if absent or unreadable. */
export function parseRetryAfter(value: string | null, now: number): number | null {
  if (value === null || value.trim() === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const at = Date.parse(value);
  return Number.isFinite(at) ? Math.max(0, (at - now) / 1000) : null;
}

function isRecord(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/** Reads whatever a failed answer's body holds; a body that is no problem document is an error too. */
export function readProblem(status: number, body: unknown, retryAfterHeader: string | null): ApiError {
  const p = isRecord(body) ? body : {};
  const errors = Array.isArray(p['errors'])
    ? p['errors'].filter(isRecord).map((e) => ({
        field: String(e['field'] ?? ''),
        code: String(e['code'] ?? ''),
        detail: String(e['detail'] ?? ''),
      }))
    : [];
  return new ApiError({
    code: typeof p['code'] === 'string' ? p['code'] : `http.${status}`,
    detail: typeof p['detail'] === 'string' ? p['detail'] : typeof p['title'] === 'string' ? p['title'] : '',
    status,
    retryAfter:
      parseRetryAfter(retryAfterHeader, Date.now()) ??
      (typeof p['retry_after'] === 'number' ? p['retry_after'] : null),
    errors,
    // What it says of itself; whoever uses a member looks at it first.
    problem: p as Partial<Problem>,
  });
}

export interface RequestOptions {
  /** JSON body; a string or a file is sent as it is with `contentType`. */
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
  /** Milliseconds until a request without an answer counts as lost; default 15 s. */
  timeout?: number;
  /** `default` for what the server lets browsers keep; everything else is asked for anew. */
  cache?: RequestCache;
  /** The answer is a file. */
  file?: boolean;
}

/** Whom the holder page acts for, by the id of `/v1/me/people`; `null`: the signed-in holder. */
let person: string | null = null;
export function setPerson(id: string | null): void {
  person = id;
}

/** One request, one answer. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const { body, contentType = 'application/json', signal, timeout = 15_000, cache = 'no-store' } = options;
  const controller = new AbortController();
  let timedOut = false;
  const abort = (): void => controller.abort();
  const timer = setTimeout(() => {
    timedOut = true;
    abort();
  }, timeout);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  const sentAt = Date.now();
  try {
    const init: RequestInit = {
      method,
      signal: controller.signal,
      credentials: 'same-origin',
      cache,
      headers: { Accept: 'application/json, application/problem+json' },
    };
    if (person !== null && path.startsWith('/v1/me')) init.headers = { ...init.headers, 'Jadegate-Person': person };
    if (method !== 'GET') {
      init.headers = { ...init.headers, 'Content-Type': contentType };
      if (body !== undefined) init.body = typeof body === 'string' || body instanceof Blob ? body : JSON.stringify(body);
    }
    const res = await fetch(path, init);
    if (options.file && res.ok) return (await res.blob()) as T;
    const text = res.status === 204 ? '' : await res.text();
    const receivedAt = Date.now();
    let data: unknown = null;
    let unreadable = false;
    if (text !== '' && /json/.test(res.headers.get('Content-Type') ?? '')) {
      try {
        data = JSON.parse(text);
      } catch {
        unreadable = true;
      }
    } else if (text !== '') data = text;
    if (!res.ok) throw readProblem(res.status, data, res.headers.get('Retry-After'));
    if (unreadable) throw new ApiError({ code: 'bad_answer', status: res.status });
    if (isRecord(data) && typeof data['server_time'] === 'string') {
      clock.learn(data['server_time'], sentAt, receivedAt);
    }
    return data as T;
  } catch (e) {
    if (e instanceof ApiError) throw e;
    if (signal?.aborted) throw e;
    throw new ApiError({ code: timedOut ? 'timeout' : 'network' });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** One request whose answer is a file. */
export const download = (method: 'GET' | 'POST', path: `/v1/${string}`, body?: unknown): Promise<Blob> =>
  request<Blob>(method, path, { body, file: true, timeout: 30_000 });

/** Requests to addresses of the API document; another address or body is an error of the build. */
export interface Api {
  get<A extends string>(path: A, ...rest: Rest<PathOf<A>, 'get', RequestOptions>): Promise<Answer<PathOf<A>, 'get'>>;
  post<A extends string>(path: A, ...rest: Rest<PathOf<A>, 'post', RequestOptions>): Promise<Answer<PathOf<A>, 'post'>>;
  del<A extends string>(path: A, ...rest: Rest<PathOf<A>, 'delete', RequestOptions>): Promise<Answer<PathOf<A>, 'delete'>>;
}

const untyped = {
  get: (path: string, options?: RequestOptions): Promise<unknown> => request('GET', path, options),
  post: (path: string, body: unknown = {}, options?: RequestOptions): Promise<unknown> => request('POST', path, { ...options, body }),
  del: (path: string, options?: RequestOptions): Promise<unknown> => request('DELETE', path, options),
};
export const api = untyped as Api;

/** First and highest ceiling of the random wait, in milliseconds. */
const [BASE, CAP] = [1_000, 60_000];

/**
 * Milliseconds to wait before try number `attempt` + 1 (the first failure is attempt 0): what the
 * server asked for, plus a random part between 0 and min(CAP, BASE * 2^attempt) ("full jitter", so
 * that a million pages that failed together do not come back together).
 */
export function backoffDelay(
  attempt: number,
  retryAfter: number | null,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(CAP, BASE * 2 ** Math.min(attempt, 30));
  return Math.round((retryAfter ?? 0) * 1000 + random() * ceiling);
}
