export const zh = {
  sheet: '扫码登记到访',
  how: (address: string) => `用手机相机或微信扫码，或打开 ${address}，点“扫场所码”。`,
  a4: '打印海报（A4）',
  a6: '打印桌牌（A6，一页四张）',
  qr: '场所二维码',
};
