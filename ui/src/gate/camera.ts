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

/** Milliseconds between two looks; a look takes 10 to 60 on a phone. */
const PAUSE = 90;

export class Camera {
  readonly #video: HTMLVideoElement;
  readonly #found: (texts: string[]) => void;
  #stream: MediaStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** While this says true, nothing is read (a verdict is on the screen). */
  paused = (): boolean => false;
  /** The picture has stopped for good (unplugged, or taken away while the page was hidden). */
  lost = (): void => undefined;

  constructor(video: HTMLVideoElement, found: (texts: string[]) => void) {
    this.#video = video;
    this.#found = found;
  }

  /** Begins to read. `null` when all is well. */
  async start(): Promise<CameraProblem | null> {
    try {
      const media = navigator.mediaDevices?.getUserMedia({
        audio: false,
        video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      if (!media) return 'none';
      this.#stream = await media;
      if (this.#stopped) {
        this.stop();
        return null;
      }
      this.#track()?.addEventListener('ended', () => {
        if (!this.#stopped) this.lost();
      });
      this.#video.srcObject = this.#stream;
      await this.#video.play();
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
    if (this.paused() || this.#video.readyState < 2 || document.hidden) return again();
    reader
      .detect(this.#video)
      .then((codes) => {
        if (!this.#stopped && !this.paused() && codes.length > 0) this.#found(codes.map((c) => c.rawValue));
      })
      // A frame that cannot be read is like one without a code.
      .catch(() => undefined)
      .finally(again);
  }

  #track(): MediaStreamTrack | undefined {
    return this.#stream?.getVideoTracks()[0];
  }

  /** Has this camera a light? */
  get hasLight(): boolean {
    const track = this.#track();
    return track !== undefined && 'torch' in (track.getCapabilities?.() ?? {});
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
