import type { Dict } from '../i18n';
import type { zh } from './poster.zh';

export const en: Dict<typeof zh> = {
  sheet: 'Scan to record your visit',
  how: (address) => `Scan with your phone’s camera, or open ${address} and choose “Scan a venue code”.`,
  a4: 'Print the poster (A4)',
  a6: 'Print table cards (A6, four on a sheet)',
  qr: 'QR code of this place',
};
