/**
 * The verdict said aloud, by a voice that is on this device: other voices would send each verdict to
 * whoever speaks it. It says what the screen says in large letters, never a name.
 */
import type { Lang } from '../shared/i18n';

type Voices = readonly Pick<SpeechSynthesisVoice, 'lang' | 'localService'>[];

/** A voice of this device in this language, if there is one. */
export function voiceFor<V extends Voices[number]>(voices: readonly V[], lang: Lang): V | null {
  const here = voices.filter((v) => v.localService && v.lang.toLowerCase().replace('_', '-').split('-')[0] === lang);
  const first = lang === 'zh' ? 'zh-cn' : 'en-gb';
  return here.find((v) => v.lang.toLowerCase().replace('_', '-') === first) ?? here[0] ?? null;
}

/** Has this device such a voice? Browsers load them late; ask again after `voiceschanged`. */
export const canSpeak = (lang: Lang): boolean => typeof speechSynthesis !== 'undefined' && voiceFor(speechSynthesis.getVoices(), lang) !== null;

/** Says it at once, in the place of what is still being said. */
export function say(text: string, lang: Lang): void {
  if (typeof speechSynthesis === 'undefined') return;
  const voice = voiceFor(speechSynthesis.getVoices(), lang);
  if (voice === null) return;
  speechSynthesis.cancel();
  const words = new SpeechSynthesisUtterance(text);
  words.voice = voice;
  words.lang = voice.lang;
  words.rate = 1.15;
  speechSynthesis.speak(words);
}
