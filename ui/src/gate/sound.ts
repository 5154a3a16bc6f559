/**
 * What a verdict sounds and feels like. The tones differ in number, pitch and direction, so that
 * they are told apart without looking: one high tone up for admitted, two low ones for refused,
 * three quick ones for a code that could not be read.
 */
export type Tune = 'admitted' | 'refused' | 'unclear' | 'override';

interface Tone {
  hertz: number;
  /** Seconds. */
  at: number;
  length: number;
}

const TUNES: Record<Tune, { tones: Tone[]; buzz: number[] }> = {
  admitted: {
    tones: [
      { hertz: 880, at: 0, length: 0.1 },
      { hertz: 1320, at: 0.1, length: 0.18 },
    ],
    buzz: [80],
  },
  refused: {
    tones: [
      { hertz: 220, at: 0, length: 0.25 },
      { hertz: 165, at: 0.32, length: 0.4 },
    ],
    buzz: [300, 100, 300],
  },
  unclear: {
    tones: [
      { hertz: 523, at: 0, length: 0.09 },
      { hertz: 523, at: 0.15, length: 0.09 },
      { hertz: 523, at: 0.3, length: 0.09 },
    ],
    buzz: [80, 80, 80, 80, 80],
  },
  override: {
    tones: [
      { hertz: 660, at: 0, length: 0.12 },
      { hertz: 660, at: 0.18, length: 0.12 },
      { hertz: 990, at: 0.36, length: 0.2 },
    ],
    buzz: [80, 60, 200],
  },
};

let context: AudioContext | undefined;

/** Browsers allow sound only after a touch or a key; called on each. */
export function allowSound(): void {
  try {
    context ??= new AudioContext();
    void context.resume();
  } catch {
    // No sound on this device; the screen and the vibration say it all.
  }
}

/** Plays it, as far as the guard wants to hear and feel it. */
export function play(tune: Tune, by: { sound: boolean; vibration: boolean }): void {
  const { tones, buzz } = TUNES[tune];
  try {
    if (by.vibration) navigator.vibrate?.(buzz);
    if (!by.sound || context?.state !== 'running') return;
    for (const tone of tones) sound(context, tone, tune === 'refused' ? 'square' : 'sine');
  } catch {
    // As above.
  }
}

function sound(audio: AudioContext, tone: Tone, type: OscillatorType): void {
  const oscillator = new OscillatorNode(audio, { type, frequency: tone.hertz });
  const gain = new GainNode(audio, { gain: 0 });
  const [start, end] = [audio.currentTime + tone.at, audio.currentTime + tone.at + tone.length];
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.5, start + 0.01);
  gain.gain.setValueAtTime(0.5, end - 0.03);
  gain.gain.linearRampToValueAtTime(0, end);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(start);
  oscillator.stop(end);
}
