// The whole life of a code, through the real binary and a real browser. `make test` runs it; by
// itself: E2E_BINARY=target/debug/jadegate node e2e/run.mjs
import { complaints, killAll, stepsDone, tidy } from './harness.mjs';
import { journey } from './journey.mjs';
import { served } from './served.mjs';

tidy();
const begun = Date.now();
let failed = false;
try {
  await served();
  await journey();
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
