// Firefox and WebKit, as they are installed: Firefox by WebDriver BiDi, WebKitGTK by classic WebDriver.
// Both offer the part of Playwright's pages that the walk uses, so that it is written once. Clicks and
// keys are those of scripts: what differs between engines and matters here is cookies, storage, crypto,
// forms and drawing, not the mouse.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// What runs in the page ----------------------------------------------------------------------

/** Elements by a chain of steps. Runs in the page, so it stands by itself. */
function resolve(steps) {
  const norm = (s) => (s ?? '').replace(/\s+/g, ' ').trim();
  const says = (text, want) => {
    if (want.re !== undefined) return new RegExp(want.re, want.flags).test(norm(text));
    return want.exact ? norm(text) === norm(want.text) : norm(text).toLowerCase().includes(norm(want.text).toLowerCase());
  };
  const ROLES = {
    button: 'button, [role=button], input[type=submit], input[type=button], summary',
    link: 'a[href], [role=link]',
    heading: 'h1, h2, h3, h4, h5, h6, [role=heading]',
    textbox: 'input:not([type]), input[type=text], input[type=tel], input[type=search], input[type=email], input[type=url], textarea, [role=textbox]',
    cell: 'td, [role=cell]',
    row: 'tr, [role=row]',
  };
  const name = (e) => {
    const by = e.getAttribute('aria-labelledby');
    if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    if (e.getAttribute('aria-label')) return e.getAttribute('aria-label');
    if (e.labels?.length) return [...e.labels].map((l) => l.textContent).join(' ');
    return e.textContent;
  };
  const css = (from, selector) => {
    const exact = /^(.*):text-is\("(.*)"\)$/.exec(selector);
    const all = from.flatMap((e) => [...e.querySelectorAll(exact ? exact[1] : selector)]);
    return exact ? all.filter((e) => norm(e.textContent) === exact[2]) : all;
  };
  let found = [document];
  for (const s of steps) {
    if (s.css !== undefined) found = css(found, s.css);
    if (s.role !== undefined) {
      found = css(found, ROLES[s.role]);
      if (s.level) found = found.filter((e) => e.tagName === `H${s.level}` || e.getAttribute('aria-level') === String(s.level));
      if (s.name) found = found.filter((e) => says(name(e), s.name));
    }
    if (s.byText) {
      const all = css(found, '*').filter((e) => !/^(SCRIPT|STYLE|HEAD|TITLE|TEMPLATE)$/.test(e.tagName) && says(e.textContent, s.byText));
      found = all.filter((e) => !all.some((o) => o !== e && e.contains(o)));
    }
    if (s.hasText) found = found.filter((e) => says(e.textContent, s.hasText));
    if (s.at !== undefined) found = found.slice(s.at, s.at === -1 ? undefined : s.at + 1);
    found = [...new Set(found)];
  }
  return found;
}

/** One thing done with what was found; `wait` means: not yet. */
function act({ steps, what, value }) {
  const all = resolve(steps);
  const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
  const put = (e, text) => {
    const kind = e instanceof HTMLTextAreaElement ? HTMLTextAreaElement : e instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(e, text);
    e.dispatchEvent(new Event('input', { bubbles: true }));
    e.dispatchEvent(new Event('change', { bubbles: true }));
  };
  if (what === 'count') return { value: all.length };
  if (what === 'texts') return { value: all.map((e) => e.textContent) };
  if (what === 'attached') return all.length > 0 ? {} : { wait: true };
  if (what === 'detached') return all.length === 0 ? {} : { wait: true };
  if (what === 'hidden') return all.some(seen) ? { wait: true } : {};
  if (what === 'visible') return all.some(seen) ? {} : { wait: true };
  const e = all.find(seen) ?? (what === 'files' || what === 'attribute' || what === 'evaluate' || what === 'text' ? all[0] : undefined);
  if (!e) return { wait: true };
  if (what === 'text') return { value: e.textContent };
  if (what === 'value') return { value: e.value };
  if (what === 'attribute') return { value: e.getAttribute(value) };
  if (e.disabled) return { wait: true };
  if (what === 'click') e.click();
  if (what === 'fill' || what === 'select') {
    e.focus();
    if (what === 'select' && ![...e.options].some((o) => o.value === value)) return { wait: true };
    put(e, value);
  }
  if (what === 'files') {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0));
    data.items.add(new File([bytes], value.name, { type: value.mimeType }));
    e.files = data.files;
    e.dispatchEvent(new Event('input', { bubbles: true }));
    e.dispatchEvent(new Event('change', { bubbles: true }));
  }
  return {};
}

const ACT = `(arg) => { ${resolve}; ${act}; return act(arg); }`;
const plain = (text, exact) => (text instanceof RegExp ? { re: text.source, flags: text.flags } : { text: String(text), exact });

// Pages --------------------------------------------------------------------------------------

class Locator {
  constructor(page, steps) {
    Object.assign(this, { page, steps });
  }
  more(step) {
    return new Locator(this.page, [...this.steps, step]);
  }
  locator(css, { hasText } = {}) {
    return this.more({ css, ...(hasText !== undefined && { hasText: plain(hasText) }) });
  }
  getByRole(role, { name, exact = false, level } = {}) {
    return this.more({ role, level, ...(name !== undefined && { name: plain(name, exact) }) });
  }
  getByText(text, { exact = false } = {}) {
    return this.more({ byText: plain(text, exact) });
  }
  filter({ hasText }) {
    return this.more({ hasText: plain(hasText) });
  }
  first() {
    return this.more({ at: 0 });
  }
  last() {
    return this.more({ at: -1 });
  }
  async act(what, value, timeout = this.page.patience) {
    for (const begun = Date.now(); ; ) {
      let why = 'it is not there';
      try {
        const done = await this.page.call(ACT, { steps: this.steps, what, value });
        if (!done.wait) return done.value;
      } catch (e) {
        // A page that is just being left answers nothing.
        why = e.message;
      }
      if (Date.now() - begun > timeout) throw new Error(`${what} of ${JSON.stringify(this.steps)}: not within ${timeout} ms (${why})`);
      await sleep(100);
    }
  }
  waitFor({ state = 'visible', timeout } = {}) {
    return this.act(state, undefined, timeout);
  }
  click() {
    return this.act('click');
  }
  fill(text) {
    return this.act('fill', text);
  }
  selectOption(value) {
    return this.act('select', value);
  }
  setInputFiles({ name, mimeType, buffer }) {
    return this.act('files', { name, mimeType, base64: buffer.toString('base64') });
  }
  textContent() {
    return this.act('text');
  }
  inputValue() {
    return this.act('value');
  }
  getAttribute(name) {
    return this.act('attribute', name);
  }
  count() {
    return this.act('count');
  }
  allTextContents() {
    return this.act('texts');
  }
}

class Page extends Locator {
  constructor(driver, id) {
    super(null, []);
    Object.assign(this, { page: this, driver, id, patience: 30_000, closed: false, at: 'about:blank' });
  }
  setDefaultTimeout(ms) {
    this.patience = ms;
  }
  on() {
    // Complaints come by the driver.
  }
  isClosed() {
    return this.closed;
  }
  url() {
    return this.at;
  }
  /** Every answer says where the page is by now: it goes from place to place by itself. */
  async call(fn, arg) {
    const { value, at } = await this.driver.call(this.id, `async (arg) => ({ value: await (${fn})(arg), at: location.href })`, arg);
    this.at = at;
    return value;
  }
  /** Like Playwright's: a function with its argument, or an expression. */
  async evaluate(what, arg) {
    const fn = typeof what === 'function' ? String(what) : `async () => (${what})`;
    return this.call(fn, arg);
  }
  async goto(url) {
    await this.driver.goto(this.id, url);
    this.at = url;
  }
  async reload() {
    await this.driver.reload(this.id);
  }
  waitForTimeout(ms) {
    return sleep(ms);
  }
  async waitForFunction(fn, arg, { timeout = this.patience } = {}) {
    for (const begun = Date.now(); ; await sleep(100)) {
      if (await this.evaluate(fn, arg).catch(() => false)) return;
      if (Date.now() - begun > timeout) throw new Error(`${fn}: not within ${timeout} ms`);
    }
  }
  async screenshot({ path }) {
    writeFileSync(path, Buffer.from(await this.driver.picture(this.id), 'base64'));
  }
  context() {
    return {
      close: async () => {
        this.closed = true;
        await this.driver.leave(this.id);
      },
    };
  }
}

/** A browser in which each device has its own storage. */
class Browser {
  constructor(driver) {
    this.driver = driver;
  }
  async newContext({ viewport } = {}) {
    const id = await this.driver.enter(viewport);
    return { newPage: async () => new Page(this.driver, id) };
  }
  close() {
    return this.driver.close();
  }
}

// Firefox ------------------------------------------------------------------------------------

/** Asks one command at a time's number; the answer comes by that number. */
class Bidi {
  constructor(socket, complain) {
    Object.assign(this, { socket, last: 0, waiting: new Map() });
    socket.addEventListener('message', ({ data }) => {
      const m = JSON.parse(data);
      if (m.method === 'log.entryAdded' && m.params.level === 'error' && !/Failed to load resource|NetworkError/.test(m.params.text)) {
        complain(m.params.text);
      }
      const waiting = this.waiting.get(m.id);
      this.waiting.delete(m.id);
      if (m.type === 'success') waiting?.done(m.result);
      else if (m.type === 'error') waiting?.fail(new Error(`${m.error}: ${m.message}`));
    });
  }
  ask(method, params = {}) {
    const id = (this.last += 1);
    return new Promise((done, fail) => {
      this.waiting.set(id, { done, fail });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

export async function firefox(complain, children) {
  const binary = process.env.FIREFOX ?? ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find((p) => existsSync(p));
  if (!binary) throw new Error("no Firefox found; install Debian's firefox-esr or set FIREFOX to its path");
  if (typeof WebSocket === 'undefined') throw new Error('this Node has no WebSocket: start it with --experimental-websocket, or take Node 22');
  const profile = mkdtempSync(join(tmpdir(), 'jadegate-firefox-'));
  const prefs = { 'intl.accept_languages': 'en-GB', 'app.update.enabled': false, 'datareporting.policy.dataSubmissionEnabled': false, 'toolkit.telemetry.enabled': false, 'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false };
  writeFileSync(join(profile, 'user.js'), Object.entries(prefs).map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});\n`).join(''));
  const child = spawn(binary, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], { env: { ...process.env, TZ: 'Asia/Shanghai', MOZ_DISABLE_CONTENT_SANDBOX: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const address = await new Promise((done, fail) => {
    let said = '';
    const timer = setTimeout(() => fail(new Error(`Firefox says no address: ${said}`)), 60_000);
    child.stderr.on('data', (d) => {
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec((said += d));
      if (found) {
        clearTimeout(timer);
        done(found[1]);
      }
    });
    child.on('close', (code) => fail(new Error(`Firefox ended with ${code}: ${said}`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((done, fail) => {
    socket.addEventListener('open', done);
    socket.addEventListener('error', () => fail(new Error('Firefox does not answer')));
  });
  const bidi = new Bidi(socket, complain);
  await bidi.ask('session.new', { capabilities: {} });
  await bidi.ask('session.subscribe', { events: ['log.entryAdded'] });
  const homes = new Map();
  return new Browser({
    enter: async (viewport) => {
      const { userContext } = await bidi.ask('browser.createUserContext');
      const { context } = await bidi.ask('browsingContext.create', { type: 'tab', userContext });
      if (viewport) await bidi.ask('browsingContext.setViewport', { context, viewport });
      homes.set(context, userContext);
      return context;
    },
    leave: (context) => bidi.ask('browser.removeUserContext', { userContext: homes.get(context) }),
    goto: async (context, url) => {
      // A tab behind another is hidden, and a hidden page asks the server no more.
      await bidi.ask('browsingContext.activate', { context });
      await bidi.ask('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    reload: (context) => bidi.ask('browsingContext.reload', { context, wait: 'complete' }),
    picture: async (context) => (await bidi.ask('browsingContext.captureScreenshot', { context })).data,
    call: async (context, fn, arg) => {
      const r = await bidi.ask('script.callFunction', {
        functionDeclaration: `async (arg) => JSON.stringify({ value: await (${fn})(JSON.parse(arg).value) })`,
        arguments: [{ type: 'string', value: JSON.stringify({ value: arg }) }],
        target: { context },
        awaitPromise: true,
      });
      if (r.type !== 'success') throw new Error(r.exceptionDetails.text);
      return JSON.parse(r.result.value).value;
    },
    close: async () => {
      await bidi.ask('browser.close').catch(() => undefined);
      await new Promise((done) => (child.exitCode === null ? child.once('close', done) : done()));
      children.delete(child);
      rmSync(profile, { recursive: true, force: true });
    },
  });
}

// WebKit -------------------------------------------------------------------------------------

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((ready) => probe.once('listening', ready));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** Each device is a WebKit of its own, with a driver of its own: a driver knows one session. */
export async function webkit(complain, children) {
  const binary = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
  if (!existsSync(binary)) throw new Error("no WebKitWebDriver found; install Debian's webkit2gtk-driver or set WEBKIT_DRIVER");
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) throw new Error('WebKitGTK needs a display: run it under xvfb-run');
  const drivers = new Map();
  const ask = async (id, method, path, body) => {
    const answer = await fetch(`${drivers.get(id).base}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value?.error}: ${value?.message}`);
    return value;
  };
  let last = 0;
  const leave = async (id) => {
    await ask(id, 'DELETE', '').catch(() => undefined);
    const { child } = drivers.get(id);
    drivers.delete(id);
    child.kill('SIGTERM');
    children.delete(child);
  };
  return new Browser({
    enter: async (viewport) => {
      const id = (last += 1);
      const port = await freePort();
      const child = spawn(binary, [`--port=${port}`], { env: { ...process.env, TZ: 'Asia/Shanghai', LANG: 'en_GB.UTF-8', WEBKIT_DISABLE_COMPOSITING_MODE: '1' }, stdio: 'ignore' });
      children.add(child);
      const base = `http://127.0.0.1:${port}/session`;
      for (let i = 0; i < 100 && !(await fetch(`http://127.0.0.1:${port}/status`).catch(() => null))?.ok; i++) await sleep(100);
      const options = { args: ['--automation'], ...(process.env.WEBKIT_BROWSER && { binary: process.env.WEBKIT_BROWSER }) };
      const made = await fetch(base, { method: 'POST', body: JSON.stringify({ capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } }) });
      const { value } = await made.json();
      if (!made.ok) throw new Error(`WebKit does not start: ${value?.error}: ${value?.message}`);
      drivers.set(id, { child, base: `${base}/${value.sessionId}` });
      await ask(id, 'POST', '/timeouts', { script: 60_000, pageLoad: 60_000 });
      if (viewport) await ask(id, 'POST', '/window/rect', viewport).catch(() => undefined);
      return id;
    },
    leave,
    goto: (id, url) => ask(id, 'POST', '/url', { url }),
    reload: (id) => ask(id, 'POST', '/refresh', {}),
    picture: (id) => ask(id, 'GET', '/screenshot'),
    call: async (id, fn, arg) => {
      const script = `const [arg, done] = arguments;
        (async () => JSON.stringify({ value: await (${fn})(JSON.parse(arg).value) }))().then(done, (e) => done(JSON.stringify({ error: String(e) })));`;
      const r = JSON.parse(await ask(id, 'POST', '/execute/async', { script, args: [JSON.stringify({ value: arg })] }));
      if (r.error) throw new Error(r.error);
      return r.value;
    },
    close: async () => {
      for (const id of [...drivers.keys()]) await leave(id);
    },
  });
}
