import { dictionary } from '../../shared/i18n';
import { explain } from '../../shared/common';
import { t } from '../text';
import { en } from '../texts/tracing.en';
import { zh } from '../texts/tracing.zh';

export const tracing = dictionary({ zh, en });

/** A failure in words. */
export const said = (e: unknown): string => explain(e, { ...t().errors, ...tracing().errors } as Record<string, string>);
