import { dictionary } from '../shared/i18n';
import { en as formsEn } from '../shared/texts/forms.en';
import { zh as formsZh } from '../shared/texts/forms.zh';
import { en as recordsEn } from '../shared/texts/records.en';
import { zh as recordsZh } from '../shared/texts/records.zh';
import { en } from './texts/en';
import { zh } from './texts/zh';

export const t = dictionary({ zh, en });
/** Words that the holder's page uses too: kinds of evidence and places, purposes. */
export const records = dictionary({ zh: recordsZh, en: recordsEn });
/** Words of forms: documents, divisions, symptoms. */
export const forms = dictionary({ zh: formsZh, en: formsEn });

/** The word for a value of a closed list; a value this page does not know stands for itself. */
export function word(list: Readonly<Record<string, string>>, value: string): string {
  return (Object.hasOwn(list, value) ? list[value] : undefined) ?? value;
}

/** What the division picker says. */
export function divisionLabels() {
  const f = forms().fields;
  return {
    province: f.province,
    city: f.city,
    county: f.county,
    choose: f.choose,
    abroad: f.abroad,
    country: f.countryOfStay,
    retry: t().refresh,
  };
}
