// Shows: without signing in nothing can be exhausted. 2,000 senders of a byte now and then, 10,000
// connections that say nothing, 20,000 requests with made-up methods and the dearest public search
// change nothing for the others.
// Run: node e2e/attack/exhaustion.mjs      (loopback only; about a minute; needs `ulimit -n` above 13,000)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { killAll, start } from '../harness.mjs';
import { Asker, Tally, aside, request, sleep } from './raw.mjs';

const probe = createServer().listen(0, '127.0.0.1');
await new Promise((ready) => probe.once('listening', ready));
const metrics = probe.address().port;
await new Promise((done) => probe.close(done));

const env = { JADEGATE_LIMITS__REQUESTS_PER_SECOND: '1000000', JADEGATE_METRICS_LISTEN: `127.0.0.1:${metrics}` };
const server = await start(['demo', '--people', '60', '--seed', '4', '--port', '0'], /Holder {3}(http:\/\/localhost:\d+)/, env);
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const paths = [['/healthz', 200], ['/v1/info', 200], ['/v1/me/code', 401]];
const show = async (what, port, seconds) => {
  const worst = await aside(port, paths, seconds);
  console.log(`${what}: slowest of the others (ms) ${JSON.stringify(Object.fromEntries(Object.entries(worst).map(([k, v]) => [k, Math.round(v)])))}`);
  assert.deepEqual(Object.keys(worst), paths.map(([p]) => p), 'everybody else is answered as ever');
  assert.ok(Math.max(...Object.values(worst)) < 3000);
};

/** Holds many connections, each from one of many addresses of this machine. */
async function hold(port, count, first) {
  const held = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.${1 + (i >> 12)}.${1 + (i % 250)}` });
    socket.on('error', () => undefined);
    socket.on('connect', () => first && socket.write(first));
    held.push(socket);
    if (i % 100 === 99) await sleep(5);
  }
  await sleep(500);
  return held;
}

try {
  const port = Number(new URL(server.found[1]).port);
  const pid = server.pid;
  await show('nobody else', port, 2);

  const slow = await hold(port, 2000, 'POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n');
  const drip = setInterval(() => slow.forEach((s) => s.writable && s.write(' ')), 1000);
  await show('2,000 slow senders', port, 8);
  clearInterval(drip);
  slow.forEach((s) => s.destroy());

  const idle = await hold(port, 10_000, '');
  await show('10,000 idle connections', port, 8);
  console.log(`  of them still open: ${idle.filter((s) => !s.destroyed && s.readyState === 'open').length}`);
  idle.forEach((s) => s.destroy());
  await sleep(500);

  const before = memory(pid);
  const made = new Tally();
  let n = 0;
  const makers = Array.from({ length: 16 }, () => new Asker(port, () => request(`M${n++}X`, '/v1/info'), made.note));
  while (n < 20_000) await sleep(50);
  makers.forEach((a) => a.stop());
  console.log(`20,000 made-up methods: ${(memory(pid) - before).toFixed(1)} MB more, answered ${JSON.stringify([...made.status])}`);
  const scraped = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  assert.ok(!/method="M\d/.test(scraped), 'no made-up method is a label');
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 404);

  for (const q of ['a', '镇', '市 区 县 镇', '1']) {
    const tally = new Tally();
    const asker = new Asker(port, () => request('GET', `/v1/divisions?q=${encodeURIComponent(q)}`), tally.note);
    await sleep(1000);
    asker.stop();
    console.log(`one connection searching for ${q}: ${tally.line(1)}`);
  }
  await server.stop();
} finally {
  killAll();
}
