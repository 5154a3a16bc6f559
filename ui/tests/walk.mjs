// What both walks through the pages need: a browser, pictures, axe, and a count of complaints.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const launch = (more = []) =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...more] });
/** Walks a part in both languages at a time: most of a walk is waiting for the page. */
export const inBoth = (part) => Promise.all(['zh', 'en'].map(part));
export const locale = (lang) => (lang === 'zh' ? 'zh-CN' : 'en-GB');

/** One picture of a camera: a QR code (lean-qr's) in the middle of white; `null`: nothing. */
function picture(qr, width, height) {
  const luma = Buffer.alloc(width * height, 235);
  if (qr !== null) {
    const scale = Math.floor(400 / (qr.size + 8));
    const [left, top] = [(width - qr.size * scale) >> 1, (height - qr.size * scale) >> 1];
    for (let y = 0; y < qr.size * scale; y++) {
      for (let x = 0; x < qr.size * scale; x++) {
        if (qr.get(Math.floor(x / scale), Math.floor(y / scale))) luma[(top + y) * width + left + x] = 16;
      }
    }
  }
  return Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((width * height) / 2, 128)]);
}

/** A browser whose camera sees these, each as long as the others and all of it again and again. */
export function launchFilm(qrs, out, { frames = 2, rate = 10 } = {}) {
  const [width, height] = [640, 480];
  const film = resolve(join(out, 'camera.y4m'));
  writeFileSync(film, `YUV4MPEG2 W${width} H${height} F${rate}:1 Ip A1:1 C420jpeg\n`);
  for (const qr of qrs) {
    const frame = picture(qr, width, height);
    for (let i = 0; i < frames; i++) appendFileSync(film, frame);
  }
  return launch(['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]);
}

/** A browser whose camera sees one QR code, held still. */
export const launchSeeing = (qr, out) => launchFilm([qr], out);

/** A walk whose pictures go to `out`. */
export function walk(out) {
  mkdirSync(out, { recursive: true });
  const complaints = [];
  let checks = 0;
  const complain = (text) => {
    complaints.push(text);
    console.error(`✕ ${text}`);
  };
  function expect(ok, text) {
    checks += 1;
    if (!ok) complain(text);
  }
  /** Fails on what a page writes to its console, and on what it throws. */
  function watch(page, lang, patience = 10_000) {
    page.setDefaultTimeout(patience);
    page.on('console', (m) => {
      const text = m.text();
      // Failed requests are part of the scenes.
      if ((m.type() === 'error' || m.type() === 'warning') && !text.startsWith('Failed to load resource')) complain(`${lang} console: ${text}`);
    });
    page.on('pageerror', (e) => complain(`${lang} page error: ${e.message}`));
  }
  /** A picture, after which axe must find nothing and nothing may be wider than the screen. */
  async function shot(page, lang, name, { full = false } = {}) {
    await page.waitForTimeout(150);
    await page.screenshot({ path: `${out}/${lang}-${name}.png`, fullPage: full });
    // Through the debugger, so that the page's Content-Security-Policy stays in force. Without a network axe
    // cannot fetch the style sheets again, and would say so on the console.
    // Half a megabyte, read by the page once and not for every picture.
    if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
    const found = await page.evaluate(`axe.run(document, { preload: navigator.onLine, runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] })`);
    for (const v of found.violations) {
      complain(`${lang} ${name}: axe ${v.id} (${v.impact}): ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')} ${v.nodes[0]?.any?.[0]?.message ?? ''}`);
    }
    checks += 1;
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide <= 0, `${lang} ${name}: the page is ${wide} px wider than the screen`);
  }
  /** Says how it went, and ends the process. */
  function end() {
    console.log(`${checks - complaints.length} passed, ${complaints.length} failed`);
    process.exit(complaints.length > 0 ? 1 : 0);
  }
  return { expect, watch, shot, end };
}
