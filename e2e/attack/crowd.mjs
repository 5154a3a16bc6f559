// A crowd at one place beside three standing cases: entries as fast as they come for a minute, all of
// them turned into contacts at once, a gate's backlog, and SIGTERM in the middle of it. Prints how long
// scans at another gate took meanwhile and for how long /healthz was silent.
//
//   node e2e/attack/crowd.mjs     E2E_BINARY=target/release/jadegate RATE=2000 SECONDS=60 BACKLOG=50000
//                                 PEOPLE=1000 (each can enter once a second)
//
// Loopback only; some three minutes; everything in a temporary folder. Load and server share the
// machine, so figures mean something with a release binary on a quiet one. Goal: p99 below 50 ms, never
// silent for a second, ended within 5 s of SIGTERM.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll, start, step, stepsDone } from '../harness.mjs';
import { gate, scanId } from './gate.mjs';

const number = (name, usual) => Number(process.env[name] ?? usual);
const RATE = number('RATE', 2_000);
const SECONDS = number('SECONDS', 60);
const BACKLOG = number('BACKLOG', 50_000);
const PEOPLE = number('PEOPLE', 1_000);
const GOAL_MS = 50;
const data = mkdtempSync(join(tmpdir(), 'jadegate-crowd-'));
let url = '';

// The API, without a browser ---------------------------------------------------------------------

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function call(method, path, cookie, body, via = agent) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { Origin: url, ...(cookie ? { Cookie: cookie } : {}) };
  if (text !== undefined) Object.assign(headers, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  return new Promise((done, fail) => {
    const sent = request(url + path, { method, headers, agent: via }, (answer) => {
      let all = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => (all += part));
      answer.on('error', fail);
      answer.on('end', () => {
        const json = answer.headers['content-type']?.includes('json') ? JSON.parse(all) : null;
        done({ status: answer.statusCode, json, text: all, cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] });
      });
    });
    sent.on('error', fail);
    sent.end(text);
  });
}

async function ok(...args) {
  const answer = await call(...args);
  assert.ok(answer.status < 300, `${args[0]} ${args[1]} answers ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const ending = (n) => String(n).padStart(4, '0');
const paper = (n) => ({ type: 'other', number: `CROWD${String(n).padStart(6, '0')}`, country: 'CHN' });

/** Registers people, 40 at a time: the demo shows the 50 newest messages, ordered by the second. */
async function register(count) {
  const cookies = [];
  for (let from = 0; from < count; from += 40) {
    await pause(1_100);
    const batch = Array.from({ length: Math.min(40, count - from) }, (_, i) => from + i);
    const sent = await Promise.all(
      batch.map((n) =>
        ok('POST', '/v1/registrations', '', {
          name: 'Example Crowd',
          document: paper(n),
          nationality: 'CN',
          phone: `+861009992${ending(n)}`,
          home_division: 'CN-3301',
          language: 'en',
        }),
      ),
    );
    const { text } = await ok('GET', '/demo/outbox', '');
    const messages = text.split('<li>');
    const answered = batch.map((n, i) => {
      const message = messages.find((li) => li.split('<p>')[0].trimEnd().endsWith(ending(n)));
      const code = /\d{6}/.exec(message.split('<p>')[1])[0];
      return ok('POST', `/v1/challenges/${sent[i].json.challenge}/answer`, '', { code });
    });
    cookies.push(...(await Promise.all(answered)).map((a) => a.cookie));
  }
  return cookies;
}

const entry = (code, at) => ({ id: scanId(), code, at, direction: 'in', override: null, read_by: 'camera' });
const second = (at, more) => new Date(Date.parse(at) + 1000 * more).toISOString().replace(/\.\d+Z$/, 'Z');

async function shown(cookie) {
  const { json } = await ok('GET', '/v1/me/code', cookie);
  return { code: json.code, at: second(json.issued_at, 0) };
}

/** Fresh codes of some people, a few at a time. */
async function codes(cookies) {
  const all = [];
  for (let n = 0; n < cookies.length; n += 32) all.push(...(await Promise.all(cookies.slice(n, n + 32).map(shown))));
  return all;
}

/** Hands in scans; a server that is busy says when to come again, as to any gate. */
async function handIn(cookie, scans, via) {
  for (;;) {
    const answer = await call('POST', '/v1/gate/scans', cookie, { scans }, via);
    if (answer.status < 300) return answer.json.results;
    assert.ok([429, 503].includes(answer.status), `a scan answers ${answer.status}: ${answer.text.slice(0, 300)}`);
    shed += 1;
    await pause(300 + randomInt(700));
  }
}

// What others feel meanwhile ---------------------------------------------------------------------

let shed = 0;

function percentile(times, p) {
  times.sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor((times.length * p) / 100))] ?? 0;
}

/** Scans at another gate and asks for /healthz, on connections of their own, while `work` is done. */
async function beside(other, one, name, work) {
  const own = new Agent({ keepAlive: true, maxSockets: 4 });
  let busy = true;
  const times = [];
  const health = [];
  const scanning = (async () => {
    let code = await shown(one);
    for (let n = 0; busy; n++) {
      if (n % 400 === 399) code = await shown(one);
      const begun = performance.now();
      await handIn(other, [entry(code.code, second(code.at, n % 50))], own);
      times.push(performance.now() - begun);
      await pause(20);
    }
  })();
  const asking = (async () => {
    while (busy) {
      const begun = performance.now();
      assert.equal((await call('GET', '/healthz', '', undefined, own)).status, 200);
      health.push(performance.now() - begun);
      await pause(50);
    }
  })();
  const before = shed;
  const begun = performance.now();
  const done = await work();
  const seconds = (performance.now() - begun) / 1000;
  busy = false;
  await Promise.all([scanning, asking]);
  const [p50, p99] = [percentile(times, 50), percentile(times, 99)];
  const silent = Math.max(...health);
  console.log(
    `        ${name}: ${Math.round(done / seconds)} entries/s; ${times.length} scans beside them: p50 ${p50.toFixed(1)} ms, ` +
      `p99 ${p99.toFixed(1)} ms${p99 > GOAL_MS ? ' (GOAL MISSED)' : ''}; longest silence of /healthz ${silent.toFixed(0)} ms; ` +
      `${shed - before} times told to come again`,
  );
  return silent;
}

// The attack -------------------------------------------------------------------------------------

async function main() {
  const lifted = { JADEGATE_LIMITS__REQUESTS_PER_SECOND: '1000000', JADEGATE_LIMITS__OTP_PER_CLIENT_HOUR: '1000000' };
  const demo = await start(['demo', '--people', '2000', '--port', '0', '--keep', join(data, 'town')], /(http:\/\/localhost:\d+)\/demo/, lifted);
  url = demo.found[1];
  const enter = async (as) => (await ok('POST', '/demo/enter', '', { as })).cookie;
  const [admin, officer] = [await enter('admin'), await enter('officer')];
  const listed = (await ok('GET', '/v1/staff/places?limit=200', admin)).json.places;
  const crowded = listed.find((p) => p.kind === 'restaurant') ?? listed[0];
  const elsewhere = listed.find((p) => p.id !== crowded.id);
  const gates = await step('five gates', async () => {
    const all = [await gate(ok, admin, elsewhere.id)];
    for (let n = 0; n < 4; n++) all.push(await gate(ok, admin, crowded.id));
    return all;
  });
  const [other, ...doors] = gates;
  const people = await step(`${PEOPLE} people`, () => register(PEOPLE + 4));
  const [one, ...crowd] = people.splice(0, 1).concat(people.splice(3));
  const ill = people;

  await step('three cases who are there, traced', async () => {
    for (const [n, cookie] of ill.entries()) {
      const { code, at } = await shown(cookie);
      assert.equal((await handIn(doors[0], [entry(code, at)]))[0].outcome, 'admitted');
      const body = { document: paper(n + 1), class: 'confirmed', confirmed_at: at, trace: true };
      await ok('POST', '/v1/staff/cases', officer, body);
    }
  });

  /** So many entries a second at the crowded place, each of somebody else or at another second. */
  const pour = async (seconds) => {
    let sent = 0;
    const begun = performance.now();
    let fresh = { at: 0, codes: [] };
    const size = 50;
    const renew = async () => (fresh = { at: performance.now(), codes: await codes(crowd) });
    await renew();
    const door = async (n) => {
      while (performance.now() - begun < seconds * 1000) {
        const due = ((performance.now() - begun) / 1000) * RATE;
        if (sent > due) {
          await pause(5);
          continue;
        }
        const from = sent;
        sent += size;
        const scans = Array.from({ length: size }, (_, i) => {
          const { code, at } = fresh.codes[(from + i) % fresh.codes.length];
          return entry(code, second(at, Math.floor((from + i) / fresh.codes.length) % 55));
        });
        await handIn(doors[n % doors.length], scans);
      }
    };
    const renewing = (async () => {
      while (performance.now() - begun < seconds * 1000) {
        if (performance.now() - fresh.at > 40_000) await renew();
        await pause(200);
      }
    })();
    await Promise.all([...Array.from({ length: 12 }, (_, n) => door(n)), renewing]);
    return sent;
  };

  let silent = 0;
  const felt = async (name, work) => (silent = Math.max(silent, await beside(other, one, name, work)));
  await step(`${RATE} entries a second at one place for ${SECONDS} s`, () => felt('the crowd comes', () => pour(SECONDS)));
  await step('all of them have been there for long enough to be contacts', async () => {
    await ok('POST', '/demo/clock', '', { advance_seconds: 400 });
    await felt('contacts are recorded', () => pour(Math.ceil(SECONDS / 2)));
  });
  await step(`a backlog of ${BACKLOG} scans`, () =>
    felt('the backlog', async () => {
      for (let sent = 0; sent < BACKLOG; ) {
        const now = await codes(crowd);
        for (let n = 0; n < 20 && sent < BACKLOG; n++) {
          const scans = Array.from({ length: 500 }, (_, i) => {
            const { code, at } = now[(n * 500 + i) % now.length];
            return entry(code, second(at, Math.floor((n * 500 + i) / now.length)));
          });
          await handIn(doors[0], scans);
          sent += scans.length;
        }
      }
      return BACKLOG;
    }),
  );
  await step('SIGTERM in the middle of it', async () => {
    await ok('POST', '/demo/clock', '', { advance_seconds: 400 });
    const pouring = pour(8).catch(() => 0);
    await pause(4_000);
    const begun = performance.now();
    await demo.stop();
    const took = (performance.now() - begun) / 1000;
    console.log(`        ended after ${took.toFixed(1)} s`);
    assert.ok(took < 5, 'it took longer than 5 s to end');
    await pouring;
  });
  assert.ok(silent < 1_000, `/healthz was silent for ${silent.toFixed(0)} ms`);
}

try {
  await main();
  console.log(`${stepsDone()} steps`);
} catch (e) {
  console.error(String(e.message ?? e));
  process.exitCode = 1;
} finally {
  killAll();
  rmSync(data, { recursive: true, force: true });
}
