/**
 * Reading QR codes from the camera: the browser's own BarcodeDetector where it knows QR codes, else
 * a decoder in plain JavaScript, loaded only now (without WebAssembly, so
 * that this page's Content-Security-Policy need not allow any).
 */
interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
declare global {
  /** Not yet known to TypeScript. */
  var BarcodeDetector:
    | { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> }
    | undefined;
}

/** Longest side of the picture that the plain decoder looks at, in pixels. */
const MAX_SIDE = 800;

async function plainDetector(): Promise<Detector> {
  const { decodeQR } = await import('qr/decode.js');
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return {
    detect(video) {
      const scale = Math.min(1, MAX_SIDE / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      if (!context || canvas.width === 0 || canvas.height === 0) return Promise.resolve([]);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      try {
        return Promise.resolve([{ rawValue: decodeQR(context.getImageData(0, 0, canvas.width, canvas.height)) }]);
      } catch {
        // No code in this picture.
        return Promise.resolve([]);
      }
    },
  };
}

async function detector(): Promise<Detector> {
  try {
    const Native = globalThis.BarcodeDetector;
    if (Native && (await Native.getSupportedFormats()).includes('qr_code')) return new Native({ formats: ['qr_code'] });
  } catch {
    // Some browsers have the name only.
  }
  return plainDetector();
}

/**
 * Shows the camera in `video` and calls `found` with each text read, until `signal` is aborted.
 * Rejects with the browser's error if there is no camera or it may not be used.
 */
export async function readCodes(video: HTMLVideoElement, found: (text: string) => void, signal: AbortSignal): Promise<void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
  const stop = (): void => stream.getTracks().forEach((t) => t.stop());
  if (signal.aborted) {
    stop();
    return;
  }
  signal.addEventListener('abort', stop, { once: true });
  video.srcObject = stream;
  await video.play();
  const eye = await detector();
  while (!signal.aborted) {
    try {
      for (const { rawValue } of await eye.detect(video)) if (!signal.aborted) found(rawValue);
    } catch {
      // A picture that cannot be read yet; the next one may.
    }
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  video.srcObject = null;
}
