// How many people a minute a gate takes by its camera: Chromium's fake camera shows a film of twenty codes, one after
// the other with a moment of nothing between two, and the page (as built) says when each verdict came.
//   node tests/camera-rate.mjs [seconds for each person, in halves; default 0.5] [folder for the film; default test-results/camera]
// Exits with 1 if one of the twenty was not seen.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { correction, generate } from 'lean-qr';
import { makeCode, startStaffMock } from './mock-staff.mjs';
import { launchFilm } from './walk.mjs';

const PEOPLE = 20;
const RATE = 20;
const wanted = Number(process.argv[2] ?? 0.5);
const out = process.argv[3] ?? 'test-results/camera';
mkdirSync(out, { recursive: true });

// Of ten parts of a person's time two are nobody's.
const part = Math.max(1, Math.round((wanted * RATE) / 10));
const seconds = (part * 10) / RATE;
const codes = Array.from({ length: PEOPLE }, () => makeCode('green', { fresh: 3600 }));
const film = codes.flatMap((code) => {
  const qr = generate(code, { minCorrectionLevel: correction.M });
  return [...Array(8).fill(qr), null, null];
});
const browser = await launchFilm(film, out, { frames: part, rate: RATE });
const mock = await startStaffMock();
try {
  const page = await (await browser.newContext({ locale: 'en-GB', permissions: ['camera'], viewport: { width: 390, height: 844 } })).newPage();
  await page.addInitScript(() => {
    const came = (globalThis.came = []);
    new MutationObserver((changes) => {
      const icon = (n) => n instanceof Element && (n.matches('.face > svg') || n.querySelector('.face > svg') !== null);
      if (changes.some((c) => [...c.addedNodes].some(icon))) came.push(performance.now());
    }).observe(document, { subtree: true, childList: true });
  });
  await page.goto(`${mock.url}/gate/#enrol=TOKENTOKENTOKEN`);
  await page.locator('#label').fill('North door');
  await page.getByRole('button', { name: 'Enrol', exact: true }).click();
  await page.getByText('Sample Market').waitFor();
  await page.getByRole('button', { name: 'Start checking' }).click();
  await page.waitForFunction((n) => globalThis.came.length >= n, PEOPLE, { timeout: PEOPLE * seconds * 3_000 + 20_000 }).catch(() => undefined);
  await page.waitForTimeout(500);
  const came = (await page.evaluate(() => globalThis.came)).slice(0, PEOPLE);
  const seen = new Set([...mock.state.scans.values()].map((s) => s.code)).size;
  const each = came.length > 1 ? (came.at(-1) - came[0]) / (came.length - 1) / 1000 : Infinity;
  console.log(`${seconds} s each: ${seen} of ${PEOPLE} codes at the server, ${came.length} verdicts, one each ${each.toFixed(2)} s: ${Math.round(60 / each)} people a minute`);
  process.exitCode = seen === PEOPLE ? 0 : 1;
} finally {
  await browser.close();
  await mock.stop();
  rmSync(join(out, 'camera.y4m'), { force: true });
}
