/** Community workers: assigned by an officer, and what the worker sees. */
export const zh = {
  assigning: {
    assign: '指派',
    title: (name: string) => `指派社区工作者陪护：${name}`,
    what: '该工作者只能看到指派给自己的人：脱敏姓名、报到情况和结束时间。本人可以看到指派和每次查看。',
    worker: '社区工作者',
    choose: '请选择',
    option: (name: string, agency: string, n: number, most: number) => `${name}，${agency}（已陪护 ${n}/${most} 人）`,
    days: '天数（1 至 21）',
    button: '指派',
    cancel: '取消',
    done: (name: string, worker: string) => `已指派：${worker} 陪护 ${name}。`,
    show: '查看现有指派',
    list: '现有指派',
    until: '至',
    end: '终止',
    endSure: '该工作者将不再看到此人。确定吗？',
  },
  accompanied: {
    title: '我陪护的人',
    lead: '这里只有指派给您的人。每次查看，本人都能看到。',
    none: '目前没有指派给您的人。',
    over: '隔离已结束',
    overWhat: '无需再上门。其他情况不再显示。',
    checkIns: '报到',
    assigned: (from: string, to: string) => `${from} 指派，至 ${to}`,
  },
};
