/**
 * QR codes at level M. A `JG1:` code is base45, so it fits the alphanumeric mode (11 bits for two
 * characters); lean-qr picks that mode by itself when every character allows it.
 */
import { correction, generate, mode, type Bitmap2D } from 'lean-qr';

/** Modules of white that the standard asks for around the code. */
export const QUIET_ZONE = 4;

export function makeQr(text: string): Bitmap2D {
  return generate(text, {
    minCorrectionLevel: correction.M,
    maxCorrectionLevel: correction.M,
    modes: [mode.numeric, mode.alphaNumeric, mode.utf8],
  });
}

/** The standard's version (1 to 40) of a code of this many modules. */
export const qrVersion = (size: number): number => (size - 17) / 4;

/**
 * Draws a text as a QR code at one pixel a module, black on white with its quiet zone. The canvas
 * is enlarged by CSS with `image-rendering: pixelated`, which keeps edges sharp at any size.
 */
export function drawQr(canvas: HTMLCanvasElement, text: string): void {
  makeQr(text).toCanvas(canvas, { on: [0, 0, 0], off: [255, 255, 255], pad: QUIET_ZONE });
}
