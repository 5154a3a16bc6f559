// The whole life of a code, through the real binary and a real browser. `make test` runs it; by
// itself: E2E_BINARY=target/debug/jadegate node e2e/run.mjs
// The same walk in other engines, on demand (never in CI): node e2e/run.mjs --browser firefox|webkit, with
// Debian's firefox-esr or webkit2gtk-driver (under xvfb-run -a where there is no screen). Passkeys, the camera
// and being offline are Chromium's only; there staff enter by the demo's own doors, and gates by paste.
import { spawnSync } from 'node:child_process';
import { ENGINE, complaints, killAll, stepsDone, tidy } from './harness.mjs';
import { counter } from './counter.mjs';
import { family } from './family.mjs';
import { journey } from './journey.mjs';
import { paper } from './paper.mjs';
import { served } from './served.mjs';

if (ENGINE === 'firefox' && typeof WebSocket === 'undefined') {
  // Node 20 has it behind a flag.
  const again = ['--experimental-websocket', ...process.execArgv, ...process.argv.slice(1)];
  process.exit(spawnSync(process.execPath, again, { stdio: 'inherit' }).status ?? 1);
}
tidy();
const begun = Date.now();
let failed = false;
try {
  await served();
  await journey();
  await family();
  await counter();
  await paper();
} catch (e) {
  console.error(e.message);
  failed = true;
} finally {
  killAll();
}
if (complaints.length > 0) {
  console.error(`The pages complained:\n  ${[...new Set(complaints)].join('\n  ')}`);
  failed = true;
}
console.log(`${stepsDone()} steps ${failed ? 'passed before a failure' : 'passed'} in ${Math.round((Date.now() - begun) / 1000)} s`);
process.exit(failed ? 1 : 0);
