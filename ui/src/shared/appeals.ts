/** Texts of appeals, for the holder's page and the console. */
import { dictionary } from './i18n';
import { en } from './texts/appeals.en';
import { zh } from './texts/appeals.zh';

export const a = dictionary({ zh, en });

export const GROUNDS = ['wrong_result', 'not_there', 'not_me', 'wrong_time', 'over', 'other'] as const;
export const FINDINGS = ['wrong_person', 'wrong_content', 'not_borne_out', 'never_happened', 'confirmed', 'nothing_against'] as const;
/** Those that say that the person is right. */
export const GRANTING: readonly string[] = FINDINGS.slice(0, 4);
