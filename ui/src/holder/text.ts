import { dictionary } from '../shared/i18n';
import { en } from '../shared/texts/holder.en';
import { zh } from '../shared/texts/holder.zh';

/** Texts of the first page. */
export const t = dictionary({ zh, en });
