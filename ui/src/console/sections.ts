/** The sections of the console: each is loaded when it is opened, and shown only to those who may. */
import type { Component } from 'svelte';
import { SEE_CHANGES } from './change/power';
import type { Me, Power } from './types';

export interface SectionProps {
  me: Me;
  may: (power: Power) => boolean;
  rest: string[];
}

export interface Section {
  id: 'overview' | 'counter' | 'tests' | 'cases' | 'quarantine' | 'accompanied' | 'people' | 'regions' | 'policies' | 'proposals' | 'mandate' | 'arrivals' | 'rides' | 'places' | 'staff' | 'waiting' | 'appeals' | 'identities' | 'alarms' | 'records' | 'operation' | 'sessions';
  /** Any of these; none: everybody. */
  needs: readonly Power[];
  load: () => Promise<{ default: Component<SectionProps> }>;
}

type Plain = Component<Record<string, never>>;

/** A section that needs to know nothing of who is signed in. */
const plain = (load: () => Promise<{ default: Plain }>) => load as unknown as Section['load'];

export const SECTIONS: readonly Section[] = [
  { id: 'overview', needs: ['read_lists', 'accompany', 'read_audit'], load: () => import('./sections/Overview.svelte') },
  { id: 'operation', needs: ['read_operation'], load: plain(() => import('./sections/Operation.svelte')) },
  { id: 'tests', needs: ['record_test'], load: plain(() => import('./sections/Tests.svelte')) },
  { id: 'cases', needs: ['record_case', 'run_trace', 'read_lists'], load: () => import('./sections/Cases.svelte') },
  { id: 'waiting', needs: ['confirm_waiting', 'record_test', 'record_rides', 'record_arrival', 'set_region', 'read_audit'], load: plain(() => import('./sections/Waiting.svelte')) },
  { id: 'appeals', needs: ['decide_appeals'], load: plain(() => import('./sections/Appeals.svelte')) },
  { id: 'identities', needs: ['ask_identity', 'approve_identity', 'read_audit'], load: () => import('./sections/Identities.svelte') },
  { id: 'alarms', needs: ['answer_alarms', 'read_operation', 'read_audit'], load: () => import('./sections/Alarms.svelte') },
  { id: 'records', needs: ['record_test', 'record_case', 'record_arrival', 'record_release', 'record_rides', 'withdraw_record', 'read_audit'], load: () => import('./sections/Records.svelte') },
  { id: 'quarantine', needs: ['accompany', 'read_lists'], load: () => import('./sections/Quarantine.svelte') },
  { id: 'accompanied', needs: ['accompany_assigned'], load: plain(() => import('./sections/Accompanied.svelte')) },
  { id: 'counter', needs: ['find_person'], load: () => import('./sections/Counter.svelte') },
  { id: 'people', needs: ['find_person', 'open_person'], load: () => import('./sections/People.svelte') },
  { id: 'regions', needs: ['set_region', 'read_lists'], load: () => import('./sections/Regions.svelte') },
  { id: 'policies', needs: SEE_CHANGES, load: () => import('./sections/Policies.svelte') },
  { id: 'proposals', needs: SEE_CHANGES, load: () => import('./sections/Proposals.svelte') },
  { id: 'mandate', needs: ['renew_mandate', 'read_operation', 'read_audit'], load: () => import('./sections/Mandate.svelte') },
  { id: 'arrivals', needs: ['record_arrival'], load: plain(() => import('./sections/Arrivals.svelte')) },
  { id: 'rides', needs: ['record_rides'], load: plain(() => import('./sections/Rides.svelte')) },
  { id: 'places', needs: ['manage_places'], load: () => import('./sections/Places.svelte') },
  { id: 'staff', needs: ['invite_staff', 'confirm_powers'], load: () => import('./sections/Staff.svelte') },
  { id: 'sessions', needs: [], load: plain(() => import('./sections/Sessions.svelte')) },
];

export const sectionsFor = (may: readonly string[]): Section[] =>
  SECTIONS.filter((s) => s.needs.length === 0 || s.needs.some((p) => may.includes(p)));
