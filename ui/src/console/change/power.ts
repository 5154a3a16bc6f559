/** Who may make and decide a change: publishing a policy and raising a level are two powers. */
import type { Power } from '../types';
import type { ChangeSummary } from './types';

/** Any of these lets somebody see policies, proposals, and how far recolouring has come. */
export const SEE_CHANGES = ['publish_policy', 'renew_mandate', 'set_region', 'read_lists', 'read_audit'] as const satisfies readonly Power[];

export const powerFor = (change: Pick<ChangeSummary, 'kind'>): Power =>
  change.kind === 'policy' ? 'publish_policy' : change.kind === 'mandate' || change.kind === 'mandate_end' ? 'renew_mandate' : 'set_region';
