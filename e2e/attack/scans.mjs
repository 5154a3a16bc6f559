// What gates hand in, attacked: one scan id at two gates, one visit 2,000 times, a backlog of 50,000
// scans beside a gate at work, kill -9 under load and a count of what is there afterwards.
//
//   node e2e/attack/scans.mjs            E2E_BINARY=… for another binary; BACKLOG=5000 for a short run
//
// Loopback only; about three minutes; everything in a temporary folder.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, killAll, start, step, stepsDone } from '../harness.mjs';
import { gate, scanId } from './gate.mjs';

const BINARY = process.env.E2E_BINARY ?? join(ROOT, 'target', 'debug', 'jadegate');
const BACKLOG = Number(process.env.BACKLOG ?? 50_000);
const PEOPLE = 40;
const KILLS = 3;
const data = mkdtempSync(join(tmpdir(), 'jadegate-scans-'));
let url = '';
let metrics = 0;

// The API, without a browser ---------------------------------------------------------------------

async function call(method, path, cookie, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json', Origin: url, ...(cookie ? { Cookie: cookie } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : null;
  return { status: answer.status, json, text, cookie: answer.headers.get('set-cookie')?.split(';')[0] };
}

/** The same, waiting where the server asks for patience: all of this comes from one address. */
async function ok(...args) {
  let answer = await call(...args);
  for (let tries = 0; answer.status === 429 && tries < 60; tries++) {
    await new Promise((done) => setTimeout(done, 1000 * (answer.json?.retry_after ?? 1)));
    answer = await call(...args);
  }
  assert.ok(answer.status < 300, `${args[0]} ${args[1]} answers ${answer.status}: ${answer.text}`);
  return answer;
}

/** Registers somebody; their home decides whether a gate here sees them away from it. */
async function person(n, home) {
  const { json } = await ok('POST', '/v1/registrations', '', {
    name: 'Example Attack',
    document: { type: 'other', number: `ATTACK${String(n).padStart(6, '0')}`, country: 'CHN' },
    nationality: 'CN',
    phone: `+861009991${String(n).padStart(4, '0')}`,
    home_division: home,
    language: 'en',
  });
  const { text } = await ok('GET', '/demo/outbox', '');
  const message = text.split('<li>').find((li) => li.split('<p>')[0].trimEnd().endsWith(String(n).padStart(4, '0')));
  const code = /\d{6}/.exec(message.split('<p>')[1])[0];
  return (await ok('POST', `/v1/challenges/${json.challenge}/answer`, '', { code })).cookie;
}

const entry = (code, at, id = scanId()) => ({ id, code, at, direction: 'in', override: null, read_by: 'camera' });

async function shown(cookie) {
  const { json } = await ok('GET', '/v1/me/code', cookie);
  return { code: json.code, at: json.issued_at.replace(/\.\d+Z$/, 'Z') };
}

const handIn = async (cookie, scans) => (await ok('POST', '/v1/gate/scans', cookie, { scans })).json.results;
const admitted = async (cookie) => (await ok('GET', '/v1/gate', cookie)).json.counts.admitted;

async function indexed() {
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  return Number(/^jadegate_index_visits(?:\{[^}]*\})? (\d+)/m.exec(text)[1]);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

function percentile(times, p) {
  times.sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor((times.length * p) / 100))] ?? 0;
}

// The attacks ------------------------------------------------------------------------------------

async function main() {
  metrics = await freePort();
  const town = ['demo', '--people', '300', '--port', '0', '--keep', join(data, 'town')];
  const demo = await start(town, /(http:\/\/localhost:\d+)\/demo/, { JADEGATE_METRICS_LISTEN: `127.0.0.1:${metrics}` });
  url = demo.found[1];
  const admin = (await ok('POST', '/demo/enter', '', { as: 'admin' })).cookie;
  const places = (await ok('GET', '/v1/staff/places?limit=3', admin)).json.places.map((p) => p.id);
  const [north, south, other] = await step('three gates, two of them of one place', async () => [
    await gate(ok, admin, places[0]),
    await gate(ok, admin, places[0]),
    await gate(ok, admin, places[1]),
  ]);
  const people = await step(`${PEOPLE} people, half of them far from home`, async () => {
    const all = [];
    for (let n = 0; n < PEOPLE; n++) all.push(await person(n, n % 2 ? 'CN-4401' : 'CN-3301'));
    return all;
  });

  await step('one id at two gates: both scans are there', async () => {
    const [a, b] = [await shown(people[0]), await shown(people[1])];
    const before = [await admitted(north), await admitted(other)];
    const id = scanId();
    for (const [cookie, by] of [[north, a], [other, b]]) {
      assert.equal((await handIn(cookie, [entry(by.code, by.at, id)]))[0].recorded, true);
    }
    assert.deepEqual([await admitted(north), await admitted(other)], [before[0] + 1, before[1] + 1]);
    const another = (await handIn(north, [{ ...entry(a.code, a.at, id), direction: 'out' }]))[0];
    assert.deepEqual([another.recorded, another.problem], [false, 'scan.id_taken']);
    assert.equal((await handIn(north, [entry(a.code, a.at, id)]))[0].recorded, true);
    assert.equal(await admitted(north), before[0] + 1);
  });

  await step('one visit 2,000 times: one visit in the index', async () => {
    const { code, at } = await shown(people[2]);
    const before = await indexed();
    for (let n = 0; n < 4; n++) {
      const scans = Array.from({ length: 250 }, () => entry(code, at));
      const more = Array.from({ length: 250 }, () => entry(code, at));
      const both = await Promise.all([handIn(north, scans), handIn(south, more)]);
      assert.ok(both.flat().every((r) => r.recorded));
    }
    assert.equal((await indexed()) - before, 1);
  });

  await step(`a backlog of ${BACKLOG} scans beside a gate at work`, async () => {
    const before = await admitted(north);
    let sent = 0;
    let busy = true;
    const times = [];
    const work = (async () => {
      while (busy) {
        const { code, at } = await shown(people[3]);
        for (let n = 0; busy && n < 20; n++) {
          const begun = performance.now();
          await handIn(other, [entry(code, at)]);
          times.push(performance.now() - begun);
          await new Promise((r) => setTimeout(r, 50));
        }
      }
    })();
    work.catch(() => undefined);
    const begun = performance.now();
    let codes = [];
    for (let n = 0; sent < BACKLOG; n++) {
      if (n % 10 === 0) codes = await Promise.all(people.slice(4).map(shown));
      const scans = Array.from({ length: Math.min(500, BACKLOG - sent) }, (_, i) => {
        const { code, at } = codes[i % codes.length];
        const second = new Date(Date.parse(at) + 1000 * Math.floor(i / codes.length)).toISOString().replace('.000Z', 'Z');
        return entry(code, second);
      });
      assert.ok((await handIn(north, scans)).every((r) => r.recorded && r.outcome === 'admitted'));
      sent += scans.length;
    }
    const seconds = (performance.now() - begun) / 1000;
    busy = false;
    await work;
    assert.equal(await admitted(north), before + BACKLOG);
    console.log(`        ${Math.round(BACKLOG / seconds)} scans/s in batches of 500; the other gate: p50 ${percentile(times, 50).toFixed(0)} ms, p99 ${percentile(times, 99).toFixed(0)} ms`);
  });
  await demo.stop();

  // A process of its own, so that it can be killed in the middle.
  const port = Number(new URL(url).port);
  const serve = () => {
    const child = spawn(BINARY, ['--data', join(data, 'town'), 'serve', '--listen', `127.0.0.1:${port}`, '--origin', url], { cwd: ROOT, stdio: 'ignore' });
    const ended = new Promise((done) => child.on('close', done));
    return { child, ended };
  };
  const ready = async () => {
    for (let i = 0; i < 600; i++) {
      if ((await fetch(`${url}/readyz`).catch(() => null))?.ok) return;
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error('the server is not ready in time');
  };
  let server = serve();
  await ready();
  for (let kill = 1; kill <= KILLS; kill++) {
    await step(`kill -9 under load, ${kill} of ${KILLS}: all that was answered is there, once, with its stay`, async () => {
      const before = await admitted(south);
      const acknowledged = [];
      const unknown = [];
      let load = true;
      const sender = async (own) => {
        let codes = [];
        while (load) {
          let scans = [];
          try {
            if (codes.length === 0) codes = await Promise.all(own.map(shown));
            scans = codes.flatMap(({ code, at }) => [entry(code, at), entry(code, at)]);
            const results = await handIn(south, scans);
            assert.ok(results.every((r) => r.recorded));
            acknowledged.push(...scans);
          } catch (e) {
            if (load) throw e;
            unknown.push(...scans);
          }
        }
      };
      const senders = [0, 1, 2, 3].map((n) => sender(people.filter((_, i) => i % 4 === n)));
      await new Promise((r) => setTimeout(r, 1500 + randomInt(1000)));
      load = false;
      server.child.kill('SIGKILL');
      await server.ended;
      await Promise.all(senders);
      server = serve();
      await ready();
      const there = await admitted(south);
      assert.ok(there >= before + acknowledged.length, `${before + acknowledged.length - there} acknowledged scans are gone`);
      assert.ok(there <= before + acknowledged.length + unknown.length, 'a scan is there twice');
      // Sent again: each answered as then, and none counted again.
      for (let i = 0; i < acknowledged.length; i += 500) {
        assert.ok((await handIn(south, acknowledged.slice(i, i + 500))).every((r) => r.recorded && r.outcome === 'admitted'));
      }
      assert.equal(await admitted(south), there, 'a scan sent again is counted twice');
      for (let i = 0; i < unknown.length; i += 500) await handIn(south, unknown.slice(i, i + 500));
      assert.equal(await admitted(south), before + acknowledged.length + unknown.length);
      for (let n = 1; n < PEOPLE; n += 2) {
        const { evidence } = (await ok('GET', '/v1/me/proof', people[n])).json;
        // One for each division and day; the home's own is from registering.
        const stays = evidence.filter((e) => e.fact.kind === 'stay').map((e) => JSON.stringify(e.fact));
        const away = stays.filter((text) => text.includes('"CN-33'));
        assert.ok(away.length > 0, 'a scan far from home without its stay');
        assert.equal(new Set(away).size, away.length, 'a stay is there twice');
      }
      console.log(`        ${acknowledged.length} acknowledged, ${unknown.length} cut off, ${there - before - acknowledged.length} of these were kept`);
    });
  }
  server.child.kill('SIGTERM');
  await server.ended;
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
