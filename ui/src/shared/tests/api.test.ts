import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ApiError, backoffDelay, parseRetryAfter, request } from '../api';
import { clock } from '../time';

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers },
  });
}

const fetchMock = vi.fn<typeof fetch>();
beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2022-03-01T00:00:00Z') });
  vi.stubGlobal('fetch', fetchMock);
  fetchMock.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('request', () => {
  it('turns a problem document into an error with all its parts', async () => {
    fetchMock.mockResolvedValueOnce(
      answer(
        422,
        { code: 'otp.wrong', detail: 'no', tries_left: 3, errors: [{ field: 'phone', code: 'phone.bad', detail: 'd' }] },
        { 'Retry-After': '7' },
      ),
    );
    const e = await request('POST', '/v1/x', { body: {} }).catch((x: unknown) => x);
    expect(e).toBeInstanceOf(ApiError);
    const error = e as ApiError;
    expect(error.code).toBe('otp.wrong');
    expect(error.status).toBe(422);
    expect(error.retryAfter).toBe(7);
    expect(error.errors).toEqual([{ field: 'phone', code: 'phone.bad', detail: 'd' }]);
    expect(error.problem.tries_left).toBe(3);
    expect(error.passing).toBe(false);
  });

  it('is an error even if the failed answer is no problem document', async () => {
    fetchMock.mockResolvedValueOnce(new Response('<html>', { status: 502, headers: { 'Content-Type': 'text/html' } }));
    await expect(api.get('/v1/info')).rejects.toMatchObject({ code: 'http.502', status: 502 });
  });

  it('is an error if a good answer cannot be read', async () => {
    fetchMock.mockResolvedValueOnce(new Response('{', { status: 200, headers: { 'Content-Type': 'application/json' } }));
    await expect(api.get('/v1/info')).rejects.toMatchObject({ code: 'bad_answer' });
  });

  it('tells no network from no answer in time', async () => {
    fetchMock.mockRejectedValueOnce(new TypeError('failed'));
    await expect(api.get('/v1/info')).rejects.toMatchObject({ code: 'network', status: 0 });
    fetchMock.mockImplementationOnce(
      (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        }),
    );
    const slow = expect(api.get('/v1/info', { timeout: 5_000 })).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(5_000);
    await slow;
  });

  it('h03: makes one request, whatever happens', async () => {
    fetchMock.mockResolvedValue(answer(503, { code: 'store.unavailable' }));
    await expect(api.get('/v1/me/code')).rejects.toBeInstanceOf(ApiError);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(fetchMock).toHaveBeenCalledTimes(1);
  });

  it('sends JSON with its type only when something changes', async () => {
    fetchMock.mockImplementation(() => Promise.resolve(answer(200, {})));
    await api.get('/v1/info');
    await api.post('/v1/staff/policies/check', { text: 'a' });
    const headers = (i: number): Headers => new Headers(fetchMock.mock.calls[i]?.[1]?.headers);
    expect(headers(0).get('Content-Type')).toBeNull();
    expect(headers(1).get('Content-Type')).toBe('application/json');
    expect(fetchMock.mock.calls[1]?.[1]?.body).toBe('{"text":"a"}');
  });

  it('learns the server time', async () => {
    fetchMock.mockResolvedValueOnce(answer(200, { server_time: '2022-03-01T01:00:00Z' }));
    await api.get('/v1/info');
    expect(clock.offset).toBe(3_600_500);
  });

  it('reads an answer without content', async () => {
    fetchMock.mockResolvedValueOnce(answer(204, null));
    await expect(api.del('/v1/session')).resolves.toBeNull();
  });
});

describe('Retry-After', () => {
  it('is seconds or a date', () => {
    const now = Date.parse('2022-03-01T00:00:00Z');
    expect(parseRetryAfter('30', now)).toBe(30);
    expect(parseRetryAfter('Tue, 01 Mar 2022 00:01:00 GMT', now)).toBe(60);
    expect(parseRetryAfter('Tue, 01 Mar 2021 00:01:00 GMT', now)).toBe(0);
    for (const bad of [null, '', 'soon', 'NaN']) expect(parseRetryAfter(bad, now)).toBeNull();
  });
});

describe('back-off', () => {
  // Guangdong, January 2022: people who tapped again and again multiplied the load.
  it('h03: doubles its ceiling up to the cap and takes a random part of it', () => {
    for (let n = 0; n < 40; n++) {
      const ceiling = Math.min(60_000, 1_000 * 2 ** n);
      expect(backoffDelay(n, null, () => 0)).toBe(0);
      expect(backoffDelay(n, null, () => 1)).toBe(ceiling);
      expect(backoffDelay(n, null, () => 0.5)).toBe(ceiling / 2);
    }
  });

  it('never comes before what the server asked for', () => {
    expect(backoffDelay(0, 30, () => 0)).toBe(30_000);
    expect(backoffDelay(9, 30, () => 1)).toBe(90_000);
  });
});
