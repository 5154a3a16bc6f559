/** The timeline of a person's colours: on the holder's page and in the console. */
export const zh = {
  heading: '颜色的时间线',
  lead: '按现有记录和公开规则推算；有新的记录就会改变。',
  now: '现在',
  span: (from: string, to: string) => `${from} 至 ${to}`,
  open: (from: string) => `${from} 起，不会自动改变`,
  earlier: (n: number) => `更早的 ${n} 段`,
  clear: '没有规则对您提出要求',
  endsSooner: '结束条件',
  none: '还没有记录，因此没有可以显示的变化。',
};
