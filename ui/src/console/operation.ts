/** What the operator has to look at, as the server answers. It names nobody. */
import type { Moment } from '../shared/types';

export interface Finding {
  code: string;
  /** In English; the page has its own words for each code. */
  detail: string;
}

export interface Unreadable {
  kind: string;
  table: string;
  column: string;
  rows: number;
  since: Moment;
}

export interface Operation {
  problems: Finding[];
  warnings: Finding[];
  key_days_left: number | null;
  unreadable: Unreadable[];
  /** Whether there are more than were counted. */
  more: boolean;
  server_time: Moment;
}
