/** Texts of requests to learn who somebody is, for the holder's page and the console. */
import { dictionary } from './i18n';
import { en } from './texts/identity.en';
import { zh } from './texts/identity.zh';

export const i = dictionary({ zh, en });

/** The reasons that a second agency can give. */
export const REASONS = ['not_needed', 'milder_way', 'does_not_fit', 'unclear'] as const;
