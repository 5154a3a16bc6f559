/** Words about taking records back. */
export const zh = {
  withdraw: {
    button: '撤销',
    title: '撤销这条记录',
    falls: '随之撤销的有：',
    reason: '撤销的原因',
    reasonNeeded: '请选择原因。',
    sure: '撤销',
    cancel: '不撤销',
    seen: '本人会看到撤销的机构和原因；公开日志计入一次。此操作不可恢复；更正后可重新记录。',
    whole: {
      tests: (n: number) => `文件中的全部 ${n} 条结果。凡凭其中某一样本确诊的病例，连同其接触者，一并撤销，除非同一时刻另有阳性结果。`,
      rides: (n: number) => `文件中的全部 ${n} 条乘车记录，以及仅由它们得出的接触。`,
      risk_levels: () => '文件调高的每个风险等级，视为从未有过；由它提出、仍在等待的提案一并撤销。文件结束的等级仍为结束：应继续有效的，请重新设定。',
    },
    what: {
      test: '这条检测结果。凡凭这一样本确诊的病例，连同其接触者，一并撤销，除非同一时刻另有阳性结果。',
      arrival: '这条入境记录，以及仅由它得出的颜色。',
      release: '这份解除证明。由它结束的隔离，若仍有依据，会重新开始。',
      ride: '这条乘车记录，以及仅由它得出的接触。',
      risk_level: '这条风险等级视为从未有过。仅因它而变色的人都会变回来。',
      other: '这条记录，以及仅由它得出的颜色。',
    },
    case: (people: number) =>
      people === 0
        ? '这个病例。尚未追踪出接触者；此人不再因它而变色。'
        : `这个病例和 ${people} 名接触者的接触记录。仅因此变色的人都会变回来。`,
    caseOpen: '这个病例和由它追踪出的全部接触记录。仅因此变色的人都会变回来。',
    done: (records: number, cases: number, released: number) =>
      `已撤销 ${records} 条记录${cases > 0 ? `、连带 ${cases} 个病例` : ''}${released > 0 ? `；${released} 人的接触不再计入` : ''}。`,
    waits: (records: number) =>
      `尚未撤销：一人在一小时内不能单独撤销这么多。这 ${records} 条记录继续有效，等待本机构的一位同事在“等待第二人确认”中确认。`,
    by: (who: string, why: string) => `${who}：${why}`,
  },
  own: {
    title: '记录与文件',
    what: '这里只有内容、时间和样本编号，没有姓名。记错的可以在此撤销。',
    records: '本机构的记录',
    files: '文件',
    all: '谁记录了什么',
    kind: '种类',
    kinds: { evidence: '证据', case: '病例', trace: '追踪', risk_level: '风险等级', risk_level_end: '风险等级的结束', ride: '乘车记录', import: '文件' },
    imports: { tests: '检测结果', rides: '乘客名单', risk_levels: '风险地区名单', visits: '到访记录' },
    at: '记录时间',
    says: '内容',
    sample: '样本编号',
    by: '记录人',
    agency: '机构',
    file: '文件',
    fromFile: '来自文件',
    byHand: '手工',
    machine: '命令行或程序',
    state: '状态',
    stands: '有效',
    withdrawn: (at: string) => `${at} 整份撤销`,
    began: '开始',
    counts: '收录 / 已知 / 错误 / 等待',
    unfinished: '未完成',
  },
};
