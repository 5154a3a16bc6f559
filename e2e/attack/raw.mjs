// What attacks share: connections of their own, without a client's manners.
import { connect } from 'node:net';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

/** One keep-alive connection that asks again as soon as it is answered, until told to stop. */
export class Asker {
  /** `request()` gives the next request's text; `seen(status, milliseconds, head)` is told each answer. */
  constructor(port, request, seen, localAddress = '127.0.0.1') {
    Object.assign(this, { port, request, seen, localAddress, stopped: false, text: '' });
    this.open();
  }

  open() {
    this.socket = connect({ port: this.port, host: '127.0.0.1', localAddress: this.localAddress });
    this.socket.setNoDelay(true);
    this.socket.on('connect', () => this.ask());
    this.socket.on('data', (d) => this.take(d));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.text = '';
      if (this.stopped) return;
      this.seen(0, performance.now() - (this.asked ?? performance.now()), '');
      setTimeout(() => !this.stopped && this.open(), 50);
    });
  }

  ask() {
    if (this.stopped) return;
    this.asked = performance.now();
    this.socket.write(this.request());
  }

  take(bytes) {
    this.text += bytes.toString('latin1');
    const end = this.text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.text)?.[1] ?? 0);
    if (this.text.length < end + 4 + length) return;
    const head = this.text.slice(0, end);
    this.text = this.text.slice(end + 4 + length);
    this.seen(Number(head.slice(9, 12)), performance.now() - this.asked, head);
    this.ask();
  }

  stop() {
    this.stopped = true;
    this.socket.destroy();
  }
}

/** Text of a request. */
export function request(method, path, headers = {}, body = '') {
  const lines = Object.entries({ host: 'localhost', ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`;
}

/** Counts answers. */
export class Tally {
  status = new Map();
  times = [];

  /** For `Asker`. */
  note = (status, ms) => {
    this.status.set(status, (this.status.get(status) ?? 0) + 1);
    if (status === 200) this.times.push(ms);
  };

  of(status) {
    return this.status.get(status) ?? 0;
  }

  get all() {
    return [...this.status.values()].reduce((a, b) => a + b, 0);
  }

  /** Milliseconds of those that were answered 200. */
  quantile(q) {
    const sorted = this.times.toSorted((a, b) => a - b);
    return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
  }

  line(seconds) {
    const per = (n) => Math.round(n / seconds);
    const share = (n) => `${((100 * n) / Math.max(1, this.all)).toFixed(1)} %`;
    const others = [...this.status].filter(([s]) => ![200, 503].includes(s)).map(([s, n]) => `${s || 'cut off'}: ${n}`);
    return `${per(this.of(200))} a second answered, p50 ${this.quantile(0.5).toFixed(0)} ms, p99 ${this.quantile(0.99).toFixed(0)} ms, 503 ${share(this.of(503))}${others.length > 0 ? `, ${others.join(', ')}` : ''}`;
  }
}

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

/** `neighbour` on a thread of its own, so that what it measures is not how busy the attack is. */
export function aside(port, paths, seconds, headers = {}) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port, paths, seconds, headers } });
  return new Promise((done, fail) => {
    worker.once('message', done);
    worker.once('error', fail);
  });
}

if (!isMainThread && workerData?.paths) {
  const { port, paths, seconds, headers } = workerData;
  parentPort.postMessage(await neighbour(port, paths, seconds, headers));
}

/** Somebody else on the same machine: one request after the other on connections of its own; the slowest of each path. */
export async function neighbour(port, paths, seconds, own = {}) {
  const worst = Object.fromEntries(paths.map(([path]) => [path, 0]));
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    for (const [path, wanted] of paths) {
      const begun = performance.now();
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close', ...own }, signal: AbortSignal.timeout(60_000) })
        .then((a) => a.text().then(() => a.status))
        .catch((e) => String(e.cause?.code ?? e.message));
      worst[path] = Math.max(worst[path], performance.now() - begun);
      if (answer !== wanted) worst[`${path} answered ${answer}`] = performance.now() - begun;
    }
    await sleep(100);
  }
  return worst;
}
