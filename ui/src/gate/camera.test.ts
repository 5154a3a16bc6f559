import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Camera, rememberedLens, rememberLens } from './camera';
import { Eye } from './eye.svelte';

/** A device with made-up cameras, a page that can be hidden, and time that a test moves. */
class Made {
  readonly asked: (string | null)[] = [];
  readonly ends: (() => void)[] = [];
  readonly listeners = new Map<string, () => void>();
  readonly constraints: unknown[] = [];
  present = ['back', 'wide'];
  running = 0;
  visibilityState = 'visible';
  readonly video = { srcObject: null as unknown, readyState: 4, currentTime: 0, play: async () => undefined };
  readonly kept = new Map<string, string>();

  #open(id: string) {
    this.running++;
    const track = {
      stop: () => void this.running--,
      addEventListener: (_: string, end: () => void) => void this.ends.push(end),
      getSettings: () => ({ deviceId: id }),
      getCapabilities: () => ({ torch: true }),
      applyConstraints: async (c: unknown) => void this.constraints.push(c),
    };
    return { getVideoTracks: () => [track], getTracks: () => [track] };
  }

  readonly mediaDevices = {
    getUserMedia: async ({ video }: { video: { deviceId?: { exact: string } } }) => {
      const wanted = video.deviceId?.exact ?? null;
      this.asked.push(wanted);
      if (this.present.length === 0) throw new DOMException('none', 'NotFoundError');
      if (wanted !== null && !this.present.includes(wanted)) throw new DOMException('gone', 'OverconstrainedError');
      return this.#open(wanted ?? 'back');
    },
    enumerateDevices: async () => this.present.map((deviceId) => ({ kind: 'videoinput', deviceId, label: `Camera ${deviceId}` })),
  };

  install(): void {
    vi.stubGlobal('navigator', { mediaDevices: this.mediaDevices });
    const visibility = () => this.visibilityState;
    vi.stubGlobal('document', {
      get visibilityState() {
        return visibility();
      },
      get hidden() {
        return visibility() === 'hidden';
      },
      addEventListener: (what: string, f: () => void) => void this.listeners.set(what, f),
      removeEventListener: (what: string) => void this.listeners.delete(what),
    });
    const { kept } = this;
    vi.stubGlobal('localStorage', { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) });
    class Detector {
      static getSupportedFormats = async () => ['qr_code'];
      detect = async () => [];
    }
    vi.stubGlobal('BarcodeDetector', Detector);
  }

  show(visible: boolean): void {
    this.visibilityState = visible ? 'visible' : 'hidden';
    this.listeners.get('visibilitychange')?.();
  }

  get element(): HTMLVideoElement {
    return this.video as unknown as HTMLVideoElement;
  }
}

let made: Made;
beforeEach(() => {
  vi.useFakeTimers();
  made = new Made();
  made.install();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Lets promises and timers run; the picture moves on unless it has stopped. */
async function pass(ms: number, moves = true): Promise<void> {
  for (let t = 0; t < ms; t += 50) {
    if (moves) made.video.currentTime += 0.05;
    await vi.advanceTimersByTimeAsync(50);
  }
}

describe('the choice of a lens', () => {
  it('is remembered, and the one at the back stands in when it is gone', async () => {
    rememberLens(localStorage, 'wide');
    const camera = new Camera(made.element, () => undefined);
    expect(await camera.start(rememberedLens(localStorage))).toBe(null);
    expect([camera.lens, camera.lenses.map((l) => l.id)]).toEqual(['wide', ['back', 'wide']]);
    camera.stop();
    made.present = ['back'];
    const other = new Camera(made.element, () => undefined);
    expect(await other.start(rememberedLens(localStorage))).toBe(null);
    expect([other.lens, made.asked]).toEqual(['back', ['wide', 'wide', null]]);
    other.stop();
    expect(made.running).toBe(0);
  });
});

describe('a camera that is kept going', () => {
  async function begun(): Promise<Eye> {
    const eye = new Eye(() => undefined);
    eye.wanted = true;
    eye.attach(made.element);
    await pass(200);
    return eye;
  }

  it('is begun again after the screen was locked, with its light', async () => {
    const eye = await begun();
    await eye.light();
    expect([eye.live, eye.lit, eye.hasLight]).toEqual([true, true, true]);
    made.show(false);
    await pass(100);
    expect([eye.live, made.running]).toEqual([false, 0]);
    made.show(true);
    await pass(200);
    expect([eye.live, eye.lit, made.running, made.asked.length]).toEqual([true, true, 1, 2]);
    expect(made.constraints).toHaveLength(2);
  });

  it('is begun again when its picture stops, or ends', async () => {
    const eye = await begun();
    await pass(4_500, false);
    expect(eye.live).toBe(false);
    await pass(2_000);
    expect([eye.live, made.asked.length]).toEqual([true, 2]);
    made.ends.at(-1)?.();
    await pass(2_000);
    expect([eye.live, eye.wanted, made.running, made.asked.length]).toEqual([true, true, 1, 3]);
  });

  it('is given up, and says so, when it stays away', async () => {
    const eye = await begun();
    made.present = [];
    made.ends.at(-1)?.();
    await pass(12_000);
    expect([eye.live, eye.wanted, eye.problem]).toEqual([false, false, 'none']);
  });

  it('changes its lens', async () => {
    const eye = await begun();
    eye.choose('wide');
    await pass(200);
    expect([eye.lens, eye.live, made.running, made.kept.get('jg.camera')]).toEqual(['wide', true, 1, 'wide']);
  });
});
