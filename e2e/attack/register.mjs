// Registration, attacked by a stranger from outside: telling a known document from an unknown one,
// joining a document to a phone, shutting a chosen person out, flooding a phone. Each must fail.
//
//   node e2e/attack/register.mjs         E2E_BINARY=… for another binary; REQUESTS=200 for a short run
//
// Loopback only; about two minutes; everything in a temporary folder.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll, start, step, stepsDone } from '../harness.mjs';

const REQUESTS = Number(process.env.REQUESTS ?? 1_000);
const data = mkdtempSync(join(tmpdir(), 'jadegate-register-'));
let url = '';
let work = 0;

async function call(method, path, body, cookie = '') {
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json', Origin: url, ...(cookie ? { Cookie: cookie } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : null;
  const cookies = answer.headers.getSetCookie().map((c) => c.split(';')[0]);
  return { status: answer.status, json, text, cookies };
}

/** Solves a puzzle as the page does. */
function solve({ puzzle, bits }) {
  for (let n = 0; ; n++) {
    const hash = createHash('sha256').update(`${puzzle}:${n}`).digest();
    if (hash.readUInt32BE(0) >>> (32 - bits) === 0) return { puzzle, nonce: String(n) };
  }
}

/** Asks for a code, with work where it is asked for; waits where the server is told to be busy. */
async function ask(path, body, cookie) {
  for (let proof; ; ) {
    const answer = await call('POST', path, proof ? { ...body, proof } : body, cookie);
    if (answer.status === 202) return answer;
    if (answer.json?.code === 'otp.work_needed') {
      work += 1;
      proof = solve(answer.json.puzzle);
    } else if (answer.status === 429 || answer.status === 503) {
      await new Promise((go) => setTimeout(go, 1_000 * (answer.json?.retry_after ?? 1)));
    } else assert.fail(`${path} answers ${answer.status}: ${answer.text}`);
  }
}

const registration = (document, phone) => ({
  name: 'Example Attack',
  document: { type: 'other', number: `ATTACK${String(document).padStart(6, '0')}`, country: 'CHN' },
  nationality: 'CN',
  phone: `+861009992${String(phone).padStart(4, '0')}`,
  home_division: 'CN-330106',
  language: 'en',
});

/** What the phone with this ending has received, newest first. */
async function messages(phone) {
  const { text } = await call('GET', '/demo/outbox');
  const ending = String(phone).padStart(4, '0');
  return text
    .split('<li>')
    .filter((li) => li.split('<p>')[0].trimEnd().endsWith(ending))
    .map((li) => /code is (\d+)/.exec(li)?.[1]);
}

async function enter(challenge, phone) {
  const [code] = await messages(phone);
  return call('POST', `/v1/challenges/${challenge}/answer`, { code, document_end: '000001' });
}

/** Everything an answer tells but what is drawn at random and the time. */
const shape = ({ status, json }) => ({ status, keys: Object.keys(json).sort(), masked: json.phone_masked?.length });

try {
  const args = ['demo', '--people', '50', '--port', '0', '--keep', join(data, 'town')];
  url = (await start(args, /(http:\/\/localhost:\d+)\/demo/)).found[1];
  let owner;
  await step('somebody registers', async () => {
    const sent = await ask('/v1/registrations', registration(1, 1));
    owner = await enter(sent.json.challenge, 1);
    assert.equal(owner.status, 200, owner.text);
  });

  await step('a known document is not told from an unknown one', async () => {
    for (let n = 0; n < 20; n++) {
      const known = await ask('/v1/registrations', registration(1, 100 + 2 * n));
      const unknown = await ask('/v1/registrations', registration(500 + n, 101 + 2 * n));
      assert.deepEqual(shape(known), shape(unknown));
      const [a, b] = await Promise.all(
        [known, unknown].map((s) => call('GET', `/v1/challenges/${s.json.challenge}`)),
      );
      assert.equal(a.json.delivery, b.json.delivery);
      const [c, d] = await Promise.all(
        [known, unknown].map((s) => call('POST', `/v1/challenges/${s.json.challenge}/answer`, { code: '0000000' })),
      );
      assert.deepEqual([c.status, c.json.code, c.json.tries_left], [d.status, d.json.code, d.json.tries_left]);
    }
  });

  await step('a document is not joined to a phone', async () => {
    // Ask by the document, then by the phone that it may belong to and by one that it does not: were
    // the phone on file counted, the first would be answered otherwise.
    for (let n = 0; n < 3; n++) await ask('/v1/registrations', registration(1, 200 + n));
    const [his, other] = await Promise.all([1, 999].map((p) => ask('/v1/sessions', { phone: registration(0, p).phone })));
    assert.deepEqual(shape(his), shape(other));
  });

  await step(`after ${REQUESTS} requests for them the owner signs in all the same`, async () => {
    for (let n = 0; n < REQUESTS; n++) {
      const sent = await ask('/v1/registrations', registration(1, 1_000 + (n % 8_000)));
      if (n % 25 === 0) await call('POST', `/v1/challenges/${sent.json.challenge}/answer`, { code: String(n).padStart(6, '0') });
    }
    let fresh;
    for (let tries = 0; tries < 2; tries++) {
      const sent = await ask('/v1/sessions', { phone: registration(0, 1).phone, language: 'en' });
      fresh = await enter(sent.json.challenge, 1);
      if (fresh.status === 200) break;
      // A code was used within the last minute, and a phone gets a message a minute at most.
      await new Promise((go) => setTimeout(go, 61_000));
    }
    assert.equal(fresh.status, 200, fresh.text);
  });

  await step('a device that signed in before needs no work and gets a code of its own', async () => {
    const device = owner.cookies.find((c) => c.includes('device'));
    const before = work;
    // So that its message is the newest: moments are whole seconds.
    await new Promise((go) => setTimeout(go, 2_000));
    const sent = await ask('/v1/sessions', { phone: registration(0, 1).phone, language: 'en' }, device);
    assert.equal(work, before, 'it had to work');
    const [code] = await messages(1);
    assert.equal(code.length, 6);
    assert.equal((await call('POST', `/v1/challenges/${sent.json.challenge}/answer`, { code })).status, 200);
  });

  await step('the phone got few messages', async () => {
    const got = await messages(1);
    assert.ok(got.length <= 7, `${got.length} messages`);
  });
  console.log(`${stepsDone()} steps; ${work} puzzles solved`);
} finally {
  await killAll();
  rmSync(data, { recursive: true, force: true });
}
