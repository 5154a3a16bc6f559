import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { draft } from './draft.svelte';
import { answerWith, askForCode } from './enter';
import { parseRoute } from './route.svelte';

const fetchMock = vi.fn<typeof fetch>();
const answer = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' } });
const asked = (): { path: string; body: unknown } => {
  const [path, init] = fetchMock.mock.lastCall ?? [];
  return { path: path instanceof Request ? path.url : String(path), body: JSON.parse(String(init?.body)) as unknown };
};

beforeEach(() => {
  vi.stubGlobal('fetch', fetchMock);
  fetchMock.mockReset();
});
afterEach(() => {
  draft.clear();
  vi.unstubAllGlobals();
});

describe('asking for a second record', () => {
  it('has an address of its own', () => {
    expect(parseRoute('#/join')).toBe('join');
  });

  it('sends the other document, then the code from its phone', async () => {
    draft.step = 'join';
    draft.registration.docType = 'passport';
    draft.registration.number = 'X7654321';
    draft.registration.country = 'JPN';
    fetchMock.mockResolvedValueOnce(answer(202, { challenge: 'o0000000000009', phone_masked: '+86*******0000' }));
    await askForCode();
    expect(asked()).toEqual({ path: expect.stringMatching(/\/v1\/me\/records$/) as unknown, body: { document: { type: 'passport', number: 'X7654321', country: 'JPN' } } });
    expect(draft.challenge?.challenge).toBe('o0000000000009');
    fetchMock.mockResolvedValueOnce(answer(200, { records: [] }));
    await answerWith('o0000000000009', '123456', '');
    expect(asked()).toEqual({ path: expect.stringMatching(/\/v1\/me\/records\/confirm$/) as unknown, body: { challenge: 'o0000000000009', code: '123456', document_end: '' } });
  });

  it('hands on what the server refuses', async () => {
    draft.step = 'join';
    draft.registration.number = '11010519491231002X';
    fetchMock.mockResolvedValueOnce(answer(422, { code: 'records.own_document', detail: 'own' }));
    await expect(askForCode()).rejects.toMatchObject({ code: 'records.own_document' });
    expect(draft.challenge).toBeNull();
  });
});
