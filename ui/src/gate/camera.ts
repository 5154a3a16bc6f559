/**
 * Reading QR codes from the camera: with the browser's own detector where there is one, else with
 * zxing compiled to WebAssembly, which is loaded only then and comes from our own server.
 */
export interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

async function native(): Promise<Detector | null> {
  const Native = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  try {
    if (!Native || !(await Native.getSupportedFormats()).includes('qr_code')) return null;
    return new Native({ formats: ['qr_code'] });
  } catch {
    return null;
  }
}

async function library(): Promise<Detector> {
  const [{ BarcodeDetector, prepareZXingModule }, wasm] = await Promise.all([
    import('barcode-detector/ponyfill'),
    import('zxing-wasm/reader/zxing_reader.wasm?url'),
  ]);
  await prepareZXingModule({
    overrides: { locateFile: (name: string) => (name.endsWith('.wasm') ? wasm.default : name) },
    fireImmediately: true,
  });
  return new BarcodeDetector({ formats: ['qr_code'] });
}

let detector: Promise<Detector> | undefined;

function loadDetector(): Promise<Detector> {
  detector ??= native().then((d) => d ?? library());
  // A library that could not be loaded (no network yet) is tried again the next time.
  detector.catch(() => (detector = undefined));
  return detector;
}

export type CameraProblem = 'denied' | 'none';

/** One of the cameras of this device. */
export interface Lens {
  id: string;
  label: string;
}

/** Where the chosen one is remembered. */
const LENS_KEY = 'jg.camera';

export function rememberedLens(storage: Pick<Storage, 'getItem'>): string | null {
  try {
    return storage.getItem(LENS_KEY);
  } catch {
    return null;
  }
}

export function rememberLens(storage: Pick<Storage, 'setItem'>, id: string): void {
  try {
    storage.setItem(LENS_KEY, id);
  } catch {
    // It is then chosen again the next time.
  }
}

/** The cameras there are. Browsers name them only once one of them may be used. */
async function lenses(): Promise<Lens[]> {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((d) => d.kind === 'videoinput' && d.deviceId !== '').map((d) => ({ id: d.deviceId, label: d.label }));
}

const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 } };

/** The chosen camera; if it is gone, the one at the back. */
async function open(lens: string | null): Promise<MediaStream> {
  const back = { audio: false, video: { facingMode: 'environment', ...SIZE } };
  if (lens === null) return navigator.mediaDevices.getUserMedia(back);
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { deviceId: { exact: lens }, ...SIZE } });
  } catch (e) {
    if (e instanceof DOMException && e.name === 'NotAllowedError') throw e;
    return navigator.mediaDevices.getUserMedia(back);
  }
}

/** Milliseconds between two looks; a look takes 10 to 60 on a phone. */
const PAUSE = 90;
/** Milliseconds without a new picture after which a camera is taken to have stopped. */
const STALLED = 4_000;

export class Camera {
  readonly #video: HTMLVideoElement;
  readonly #found: (texts: string[]) => void;
  #stream: MediaStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** The picture's own time at the last look, and since when it has not moved. */
  #frame = -1;
  #still = 0;
  /** All cameras of this device, and the one in use; known once it has started. */
  lenses: Lens[] = [];
  lens: string | null = null;
  /** The picture has stopped: unplugged, taken by something else, or black after the screen was locked. */
  lost = (): void => undefined;

  constructor(video: HTMLVideoElement, found: (texts: string[]) => void) {
    this.#video = video;
    this.#found = found;
  }

  /** Begins to read with the chosen camera, or with the one at the back. `null` when all is well. */
  async start(lens: string | null = null): Promise<CameraProblem | null> {
    try {
      if (!navigator.mediaDevices) return 'none';
      this.#stream = await open(lens);
      if (this.#stopped) {
        this.stop();
        return null;
      }
      this.#track()?.addEventListener('ended', () => this.#lose());
      this.lens = this.#track()?.getSettings?.().deviceId ?? lens;
      this.#video.srcObject = this.#stream;
      await this.#video.play();
      this.lenses = await lenses().catch(() => []);
      const reader = await loadDetector();
      this.#look(reader);
      return null;
    } catch (e) {
      this.stop();
      return e instanceof DOMException && e.name === 'NotAllowedError' ? 'denied' : 'none';
    }
  }

  #look(reader: Detector): void {
    if (this.#stopped) return;
    const again = () => {
      this.#timer = setTimeout(() => this.#look(reader), PAUSE);
    };
    if (this.#hasStalled()) return this.#lose();
    if (this.#video.readyState < 2 || document.hidden) return again();
    reader
      .detect(this.#video)
      .then((codes) => {
        if (!this.#stopped && codes.length > 0) this.#found(codes.map((c) => c.rawValue));
      })
      // A frame that cannot be read is like one without a code.
      .catch(() => undefined)
      .finally(again);
  }

  /** No new picture for a while, though the page is seen. */
  #hasStalled(): boolean {
    const now = performance.now();
    if (document.hidden || this.#video.currentTime !== this.#frame) {
      this.#frame = this.#video.currentTime;
      this.#still = now;
    }
    return now - this.#still > STALLED;
  }

  #lose(): void {
    if (!this.#stopped) this.lost();
  }

  #track(): MediaStreamTrack | undefined {
    return this.#stream?.getVideoTracks()[0];
  }

  /** Has this camera a light? */
  get hasLight(): boolean {
    const track = this.#track();
    return track !== undefined && 'torch' in (track.getCapabilities?.() ?? {});
  }

  /** Is it a camera on the side of the screen? */
  get facesUser(): boolean {
    return this.#track()?.getSettings?.().facingMode === 'user';
  }

  async light(on: boolean): Promise<void> {
    // `torch` is in the standard, not yet in the type library.
    const constraint = { advanced: [{ torch: on } as MediaTrackConstraintSet] };
    await this.#track()?.applyConstraints(constraint);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#video.srcObject = null;
  }
}
