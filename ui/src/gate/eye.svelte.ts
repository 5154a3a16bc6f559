/**
 * Keeps a camera going: begun again when the page is seen again (a camera that was on while the
 * screen was locked shows black) and when its picture stops, with the lens and the light that were
 * chosen.
 */
import { Camera, rememberedLens, rememberLens, type CameraProblem, type Lens } from './camera';

/** Milliseconds between two tries after the picture stopped, and how many there are. */
const RETRY = 1_500;
const TRIES = 4;

export class Eye {
  readonly #found: (texts: string[]) => void;
  #video: HTMLVideoElement | undefined;
  #camera: Camera | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Somebody switched it on. */
  wanted = $state(false);
  live = $state(false);
  lit = $state(false);
  hasLight = $state(false);
  problem = $state<CameraProblem | null>(null);
  lenses = $state.raw<Lens[]>([]);
  lens = $state<string | null>(null);
  /** It looks at whoever holds the device: its picture is shown as in a mirror. */
  facesUser = $state(false);

  constructor(found: (texts: string[]) => void) {
    this.#found = found;
  }

  /** Shows and reads in this element until what is returned is called. */
  attach(video: HTMLVideoElement): () => void {
    this.#video = video;
    const seen = () => {
      if (document.visibilityState === 'visible') void this.#begin();
      else this.#end();
    };
    document.addEventListener('visibilitychange', seen);
    void this.#begin();
    return () => {
      document.removeEventListener('visibilitychange', seen);
      this.#video = undefined;
      this.#end();
    };
  }

  choose(lens: string): void {
    rememberLens(localStorage, lens);
    this.lit = false;
    void this.#begin();
  }

  async light(): Promise<void> {
    const on = !this.lit;
    this.lit = await (this.#camera?.light(on).then(() => on, () => false) ?? false);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#camera?.stop();
    this.#camera = undefined;
    this.live = false;
  }

  async #begin(): Promise<void> {
    this.#end();
    if (!this.#video) return;
    const camera = new Camera(this.#video, this.#found);
    this.#camera = camera;
    camera.lost = () => this.#again();
    const problem = await camera.start(rememberedLens(localStorage));
    // Meanwhile another was begun, or none is wanted any more.
    if (this.#camera !== camera) return camera.stop();
    if (problem !== null) return this.#failed(problem);
    this.#failures = 0;
    this.problem = null;
    this.lenses = camera.lenses;
    this.lens = camera.lens;
    this.hasLight = camera.hasLight;
    this.facesUser = camera.facesUser;
    this.live = true;
    if (this.lit) await camera.light(true).catch(() => (this.lit = false));
  }

  #failed(problem: CameraProblem): void {
    // After it had worked, it may be taken for a moment by whatever unlocked the screen.
    if (problem === 'none' && this.lens !== null && this.#failures < TRIES) return this.#again();
    this.problem = problem;
    this.wanted = false;
  }

  #again(): void {
    this.#end();
    this.#failures++;
    this.#timer = setTimeout(() => void this.#begin(), RETRY);
  }
}
