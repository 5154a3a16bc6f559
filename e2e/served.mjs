// A real deployment has none of the demo's doors, and nobody gets in without a passkey.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, step } from './harness.mjs';

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => probe.once('listening', ready));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

async function answers(url) {
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`${url} does not answer`);
}

export async function served() {
  console.log('A real deployment');
  const data = mkdtempSync(join(tmpdir(), 'jadegate-serve-'));
  try {
    await step('serve has no demo', async () => {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      const server = await start(['--data', data, 'serve', '--listen', `127.0.0.1:${port}`, '--origin', url], /./);
      await answers(`${url}/readyz`);
      const info = await (await fetch(`${url}/v1/info`)).json();
      assert.equal(info.mode, 'serve');
      const post = (path, body) =>
        fetch(url + path, { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: url }, body: JSON.stringify(body) });
      for (const [path, body] of [
        ['/demo/enter', { as: 'officer' }],
        ['/demo/clock', { advance_seconds: 60 }],
        ['/demo/gate', {}],
      ]) {
        const answer = await post(path, body);
        assert.ok([404, 405].includes(answer.status), `${path} answers ${answer.status}`);
        assert.equal(answer.headers.get('set-cookie'), null);
      }
      for (const path of ['/demo', '/demo/outbox', '/demo/demo.js']) {
        const text = await (await fetch(url + path)).text();
        assert.ok(!text.includes('data-enter') && !text.includes('advance_seconds'), `${path} shows the demo`);
      }
      assert.equal((await fetch(`${url}/v1/staff/me`)).status, 401);
      await server.stop();
    });
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}
