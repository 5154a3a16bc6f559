/** What a gate reads: a code on a phone or on paper. Proves nothing about who made it. */
import { isWholeLive, looksLive } from './code';
import { isWholePaper, looksLikePaper } from './paper-code';

/** Is this, by its looks, one of our codes (good or bad) rather than some other QR code? */
export const looksLikeCode = (text: string): boolean => looksLive(text) || looksLikePaper(text);

/** Is this one of our codes from its first character to its last? */
export const isWhole = (text: string): boolean => (looksLikePaper(text) ? isWholePaper(text) : isWholeLive(text));
