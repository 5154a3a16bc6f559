import type { Dict } from '../i18n';
import type { zh } from './verify.zh';

export const en: Dict<typeof zh> = {
  heading: 'Checked by your own device',
  working: 'This device is making your colour again…',
  verified: 'Verified on this device: the colour follows from the records and the policy',
  compared: (n) => `Compared: the policy file, the colour, ${n} reason${n === 1 ? '' : 's'} with the evidence, the next change.`,
  until: (m) => `Without a new record it stays so until ${m}.`,
  noEnd: 'Without a new record it does not change by itself.',
  asOf: (m) => `By the records as of ${m}`,
  keptAsOf: (m) => `No network: by the records kept on this device as of ${m}`,
  alarm: 'They differ: what the server shows is not what this device finds',
  field: { policy_digest: 'Policy file', colour: 'Colour', reasons: 'Reasons', next_change: 'Next change' },
  said: (x) => `The server said: ${x}`,
  found: (x) => `This device found: ${x}`,
  todo: 'You can still show your code. Save the report below (it has no name in it) and take it to the health commission or to a body you trust; until it is cleared up, either side may be wrong.',
  download: 'Save the report',
  unable: 'This device could not check it',
  unableWhy: 'The checking program or its data could not be loaded, or this browser cannot run it. That says nothing about the colour; you can still show your code.',
  next: 'What happens next',
  nextLead: 'Worked out from the present records and the public policy; a new record changes it.',
};
