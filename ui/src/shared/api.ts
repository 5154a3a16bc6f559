/**
 * Talking to the server. `api.get/post/del` make exactly one request each; `withBackoff` repeats
 * one that failed for want of network or capacity, waiting longer each time with full jitter, and
 * never sooner than the server's `Retry-After`. Answers that carry `server_time` set the clock.
 */
import { clock } from './time';

export interface FieldError {
  field: string;
  code: string;
  detail: string;
}

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
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(p: {
    code: string;
    detail?: string;
    status?: number;
    retryAfter?: number | null;
    errors?: FieldError[];
    problem?: Record<string, unknown>;
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
    problem: p,
  });
}

export interface RequestOptions {
  /** JSON body; a string is sent as it is with `contentType`. */
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
  /** Milliseconds until a request without an answer counts as lost; default 15 s. */
  timeout?: number;
  /** `default` for what the server lets browsers keep; everything else is asked for anew. */
  cache?: RequestCache;
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
    if (method !== 'GET') {
      init.headers = { ...init.headers, 'Content-Type': contentType };
      if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
    }
    const res = await fetch(path, init);
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

export const api = {
  get: <T>(path: string, options?: RequestOptions): Promise<T> => request<T>('GET', path, options),
  post: <T>(path: string, body: unknown = {}, options?: RequestOptions): Promise<T> =>
    request<T>('POST', path, { ...options, body }),
  del: <T = void>(path: string, options?: RequestOptions): Promise<T> => request<T>('DELETE', path, options),
};

export interface Backoff {
  /** First ceiling of the random wait, in milliseconds. */
  base: number;
  /** Highest ceiling. */
  cap: number;
}

export const BACKOFF: Backoff = { base: 1_000, cap: 60_000 };

/**
 * Milliseconds to wait before try number `attempt` + 1 (the first failure is attempt 0): what the
 * server asked for, plus a random part between 0 and min(cap, base * 2^attempt) ("full jitter", so
 * that a million pages that failed together do not come back together).
 */
export function backoffDelay(
  attempt: number,
  retryAfter: number | null,
  random: () => number = Math.random,
  { base, cap }: Backoff = BACKOFF,
): number {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 30));
  return Math.round((retryAfter ?? 0) * 1000 + random() * ceiling);
}

/** A pause that ends early, with the signal's reason, when the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/**
 * Repeats `call` while it fails for a passing reason. Only for calls that may be repeated (GET, or
 * POST with an id made here). `onWait` hears how long the wait is, so that a page can say so.
 */
export async function withBackoff<T>(
  call: () => Promise<T>,
  options: {
    attempts?: number;
    signal?: AbortSignal;
    random?: () => number;
    backoff?: Backoff;
    onWait?: (ms: number, error: ApiError) => void;
  } = {},
): Promise<T> {
  const { attempts = 6, signal, random, backoff, onWait } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (e) {
      if (!(e instanceof ApiError) || !e.passing || attempt + 1 >= attempts || signal?.aborted) throw e;
      const ms = backoffDelay(attempt, e.retryAfter, random, backoff);
      onWait?.(ms, e);
      await sleep(ms, signal);
    }
  }
}
