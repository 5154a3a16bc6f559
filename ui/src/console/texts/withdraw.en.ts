import type { Dict } from '../../shared/i18n';
import type { zh } from './withdraw.zh';

export const en: Dict<typeof zh> = {
  withdraw: {
    button: 'Withdraw',
    title: 'Withdraw this record',
    falls: 'What falls with it:',
    reason: 'Why it is withdrawn',
    reasonNeeded: 'Choose a reason.',
    sure: 'Withdraw it',
    cancel: 'Keep it',
    seen: 'The person sees which agency withdrew it and why; the public log counts it. It cannot be undone; once corrected, it can be recorded anew.',
    whole: {
      tests: (n) =>
        `All ${n} results of the file. A case that was confirmed by one of these samples falls with it, contacts included, unless another positive of that moment stands.`,
      rides: (n) => `All ${n} rides of the file, and the contacts that rest on them alone.`,
      risk_levels: () => 'Every risk level that the file raised, as if it had never held; what it proposed and still waits is withdrawn, too. Levels that the file ended stay ended: set those anew that should hold on.',
    },
    what: {
      test: 'This result. A case that was confirmed by this very sample falls with it, contacts included, unless another positive of that moment stands.',
      arrival: 'This arrival, and the colours that rest on it alone.',
      release: 'This release paper. A quarantine that it ended begins again if something else still asks for it.',
      ride: 'This ride, and the contacts that rest on it alone.',
      risk_level: 'This risk level, as if it had never held. Everybody who changed colour only because of it changes back.',
      other: 'This record, and the colours that rest on it alone.',
    },
    case: (people) =>
      people === 0
        ? 'This case. No contact was traced from it; this person has no colour because of it any more.'
        : `This case and the contacts of ${people} people. Everybody who changed colour only because of it changes back.`,
    caseOpen: 'This case and every contact traced from it. Everybody who changed colour only because of it changes back.',
    done: (records, cases, released) =>
      `Withdrawn: ${records === 1 ? '1 record' : `${records} records`}${cases > 0 ? `, with ${cases === 1 ? '1 case' : `${cases} cases`}` : ''}${released > 0 ? `; the contacts of ${released === 1 ? '1 person' : `${released} people`} no longer count` : ''}.`,
    waits: (records) =>
      `Not withdrawn yet: this is more than one person withdraws alone within an hour. ${records === 1 ? 'The record counts on' : `The ${records} records count on`} until a colleague of your agency confirms it under “Waiting for a second pair of eyes”.`,
    by: (who, why) => `${who}: ${why}`,
  },
  own: {
    title: 'Records and files',
    what: 'Contents, times and sample references only, no names. What was recorded wrongly is withdrawn here.',
    records: 'What your agency recorded',
    files: 'Files',
    all: 'Who recorded what',
    kind: 'Kind',
    kinds: { evidence: 'evidence', case: 'case', trace: 'trace', risk_level: 'risk level', risk_level_end: 'end of a risk level', ride: 'ride', import: 'file' },
    imports: { tests: 'Test results', rides: 'List of passengers', risk_levels: 'List of risk regions', visits: 'Visits' },
    at: 'Recorded',
    says: 'What it says',
    sample: 'Sample',
    by: 'By',
    agency: 'Agency',
    file: 'File',
    fromFile: 'from a file',
    byHand: 'by hand',
    machine: 'command line or program',
    state: 'State',
    stands: 'stands',
    withdrawn: (at) => `wholly withdrawn ${at}`,
    began: 'Begun',
    counts: 'Taken / known / wrong / waiting',
    unfinished: 'not finished',
  },
};
