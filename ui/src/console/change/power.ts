/** Who may make and decide a change: publishing a policy and raising a level are two powers. */
import type { Power } from '../types';
import type { ChangeSummary } from './types';

export const powerFor = (change: Pick<ChangeSummary, 'kind'>): Power =>
  change.kind === 'policy' ? 'publish_policy' : 'set_region';
