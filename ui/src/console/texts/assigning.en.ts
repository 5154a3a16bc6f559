import type { Dict } from '../../shared/i18n';
import type { zh } from './assigning.zh';

/** Community workers: assigned by an officer, and what the worker sees. */
export const en: Dict<typeof zh> = {
  assigning: {
    assign: 'Assign',
    title: (name) => `Assign a community worker to ${name}`,
    what: 'The worker sees only whom they were assigned: the masked name, check-ins, and when it ends. The person sees the assignment and each look.',
    worker: 'Community worker',
    choose: 'Please choose',
    option: (name, agency, n, most) => `${name}, ${agency} (accompanies ${n} of ${most})`,
    days: 'Days (1 to 21)',
    button: 'Assign',
    cancel: 'Cancel',
    done: (name, worker) => `Assigned: ${worker} accompanies ${name}.`,
    show: 'Show assignments',
    list: 'Assignments',
    until: 'Until',
    end: 'End',
    endSure: 'The worker sees this person no more. Are you sure?',
  },
  accompanied: {
    title: 'People I accompany',
    lead: 'Only people who were assigned to you are here. They see each time you look.',
    none: 'Nobody is assigned to you at present.',
    over: 'Quarantine over',
    overWhat: 'No more visits are needed. Nothing else is shown.',
    checkIns: 'Check-ins',
    assigned: (from, to) => `Assigned on ${from}, until ${to}`,
  },
};
