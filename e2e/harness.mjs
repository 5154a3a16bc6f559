// What the end-to-end tests share: the real binary, browsers, people who are visibly made up.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const RESULTS = join(ROOT, 'e2e', 'results');
const need = createRequire(join(ROOT, 'ui', 'package.json'));
const { chromium } = need('playwright-core');
const AXE = readFileSync(need.resolve('axe-core/axe.min.js'), 'utf8');

const CHROMIUM =
  process.env.CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));
const BINARY = process.env.E2E_BINARY ?? join(ROOT, 'target', 'debug', 'jadegate');
/** Generous, since it only bounds how long a failure takes to show. */
export const PATIENCE = 30_000;

// Steps --------------------------------------------------------------------------------------

const open = [];
let steps = 0;

/** One named step; the first that fails ends the run, with a picture of every open page. */
export async function step(name, work) {
  const begun = Date.now();
  try {
    const result = await work();
    steps += 1;
    console.log(`  ok    ${name} (${Date.now() - begun} ms)`);
    return result;
  } catch (e) {
    console.error(`  FAIL  ${name}\n${e.stack ?? e}`);
    await pictures(name);
    throw new Error(`step failed: ${name}`);
  }
}

export const stepsDone = () => steps;

async function pictures(name) {
  mkdirSync(RESULTS, { recursive: true });
  const file = name.replace(/[^a-z0-9]+/gi, '-').slice(0, 60);
  for (const { label, page } of open.filter((o) => !o.page.isClosed())) {
    const path = join(RESULTS, `${file}-${label}.png`);
    await page.screenshot({ path, fullPage: true, timeout: 5_000 }).then(
      () => console.error(`        ${label}: ${path}`),
      () => undefined,
    );
    console.error(`        ${label}: ${page.url().replace(/#.*=.*/, '#…')}`);
  }
}

// The binary ---------------------------------------------------------------------------------

const children = new Set();

/** Starts the binary and waits for a line; `stop` asks it to end and checks that it does so in order. */
export async function start(args, ready, env = {}) {
  const child = spawn(BINARY, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let out = '';
  let err = '';
  child.stderr.on('data', (d) => (err += d));
  const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
  void ended.then(() => children.delete(child));
  const found = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not ready in time:\n${out}\n${err}`)), 120_000);
    const look = () => {
      const match = ready.exec(out) ?? ready.exec(err);
      if (match) {
        clearTimeout(timer);
        done(match);
      }
    };
    child.stdout.on('data', (d) => {
      out += d;
      look();
    });
    child.stderr.on('data', look);
    child.on('error', (e) => {
      clearTimeout(timer);
      fail(new Error(`${BINARY} cannot be started: ${e.message}`));
    });
    void ended.then(({ code }) => {
      clearTimeout(timer);
      fail(new Error(`ended with ${code} before it was ready:\n${out}\n${err}`));
    });
  });
  return {
    found,
    pid: child.pid,
    text: () => `${out}\n${err}`,
    stop: async () => {
      child.kill('SIGTERM');
      const { code } = await ended;
      assert.equal(code, 0, `the server should end in order:\n${err.slice(-2000)}`);
    },
  };
}

export function killAll() {
  for (const child of children) child.kill('SIGKILL');
}

// Browsers -----------------------------------------------------------------------------------

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Complaints of the pages themselves; any of them fails the run at its end. */
export const complaints = [];

/** Which browser: chromium (Playwright), or firefox and webkit as they are installed (engines.mjs). */
export const ENGINE = /^--browser=?(.*)$/.exec(process.argv.find((a) => a.startsWith('--browser=')) ?? '')?.[1]
  ?? (process.argv.includes('--browser') ? process.argv[process.argv.indexOf('--browser') + 1] : 'chromium');
if (!['chromium', 'firefox', 'webkit'].includes(ENGINE)) throw new Error(`--browser ${ENGINE}: it must be chromium, firefox or webkit`);
/** Can it be given a passkey device, a camera that plays a film, and be taken off the net? */
export const EVERYTHING = ENGINE === 'chromium';

export async function browser(more = []) {
  if (!EVERYTHING) return (await import('./engines.mjs'))[ENGINE]((text) => complaints.push(`${ENGINE}: ${text}`), children);
  if (!CHROMIUM) throw new Error('no Chromium found; set CHROMIUM to its path');
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, ...more] });
}

/** A page of its own context, as if on a device of its own. */
export async function device(from, label, options = {}) {
  const context = await from.newContext({ locale: 'en-GB', timezoneId: 'Asia/Shanghai', viewport: { width: 420, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (e) => complaints.push(`${label}: ${e.message}`));
  page.on('console', (m) => {
    const text = m.text();
    // A failed request is shown by the page and part of several steps.
    if (m.type() === 'error' && !text.startsWith('Failed to load resource')) complaints.push(`${label}: ${text}`);
  });
  open.push({ label, page });
  return page;
}

/** A passkey device that confirms by itself. */
export async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

/** Fails if axe finds something; it runs through the debugger, so the page's policy stays in force. */
export async function accessible(page, what) {
  const found = await page.evaluate(
    `(() => { ${AXE}; return axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }); })()`,
  );
  const lines = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`);
  assert.deepEqual(lines, [], `axe on ${what}`);
}

/** A request of the page itself, with its cookies. */
export async function ask(page, path, body) {
  return page.evaluate(
    async ([path, body]) => {
      const answer = await fetch(path, body === null ? {} : {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      let json = null;
      try {
        json = JSON.parse(text);
      } catch {
        // Not every answer is JSON.
      }
      return { status: answer.status, json, text };
    },
    [path, body ?? null],
  );
}

// The fake camera ----------------------------------------------------------------------------

const WIDTH = 640;
const HEIGHT = 480;

/** Writes a film of one still grey picture in the form Chromium's fake camera plays. */
function film(file, luma) {
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, 128)]);
  // Replaced in one step: the browser never sees half a film.
  writeFileSync(`${file}.new`, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), frame, frame]));
  renameSync(`${file}.new`, file);
}

/** A film of an empty counter. */
export function blankFilm(file) {
  mkdirSync(dirname(file), { recursive: true });
  film(file, Buffer.alloc(WIDTH * HEIGHT, 200));
}

/** Films the QR code that a holder's page shows: the pixels of its own canvas, nothing made anew. */
export async function filmCode(page, file) {
  const seen = await page.locator('[data-qr] canvas').evaluate((c) => {
    const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
    return { width: c.width, height: c.height, light: Array.from({ length: c.width * c.height }, (_, i) => (data[4 * i + 3] < 128 || data[4 * i] > 127 ? 1 : 0)) };
  });
  const size = 400;
  const luma = Buffer.alloc(WIDTH * HEIGHT, 235);
  const [left, top] = [(WIDTH - size) >> 1, (HEIGHT - size) >> 1];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = Math.floor((y * seen.height) / size) * seen.width + Math.floor((x * seen.width) / size);
      if (!seen.light[at]) luma[(top + y) * WIDTH + left + x] = 16;
    }
  }
  film(file, luma);
}

// Made-up people -----------------------------------------------------------------------------

/** A number with a right check character and a division (899999) that was never given out. */
export function residentId(birth, serial) {
  const body = `899999${birth}${String(serial).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((s, w, i) => s + w * Number(body[i]), 0);
  return body + '10X98765432'[sum % 11];
}

export function tidy() {
  rmSync(RESULTS, { recursive: true, force: true });
}
