import type { Dict } from '../i18n';
import type { zh } from './timeline.zh';

export const en: Dict<typeof zh> = {
  heading: 'Colours over time',
  lead: 'Worked out from the present records and the public policy; a new record changes it.',
  now: 'now',
  span: (from, to) => `${from} to ${to}`,
  open: (from) => `From ${from}; does not change by itself`,
  earlier: (n) => `${n} earlier`,
  clear: 'No rule asks for anything',
  endsSooner: 'What ends it',
  none: 'Nothing is recorded yet, so there is no change to show.',
};
