// A house with some life in it, the awkward kinds included: people whose names run from right to left,
// robots named in emoji, and HTML and scripts wherever somebody can write something.
import { platformOf } from './platform.mjs'
import { until } from './wait.mjs'

/** Calls window.ran if anything takes it for more than text. */
export const hostile = `<script>ran('script')</script><img src=x onerror="ran('img')"><svg onload="ran('svg')">`
export const robotName = `财务群 🚀 <img src=x onerror=ran(1)>` // as long as a robot's name may be, nearly
export const rtlName = 'محمد.علي'

/** Fills a house whose owner has the given session. Gives what tests look for. */
export async function seed(house, owner) {
  const as = { token: owner.accessToken }
  const names = ['li.na', 'zhang-wei', rtlName, 'chen_jie', '赵雷', 'sun.yan', 'a'.repeat(32)]
  for (const [n, username] of names.entries()) {
    const agent = n < 3 ? `Mozilla/5.0 ${hostile}` : 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'
    await house.register({ username, password: `correct horse ${n}`, phone: `138000010${String(n).padStart(2, '0')}` }, { 'user-agent': agent })
  }
  const { accounts } = await house.ask('{ accounts(first: 50) { nodes { id username } } }', {}, as)
  const account = (username) => accounts.nodes.find((one) => one.username === username).id
  await house.ask('mutation($input: SuspendAccountInput!) { suspendAccount(input: $input) { account { id } } }', { input: { accountId: account('sun.yan') } }, as)
  const code = await house.sandbox.call('POST', 'wechat/codes', { openid: 'oSandboxPerson0000000000001' })
  await house.ask('mutation($input: WechatLoginInput!) { wechatLogin(input: $input) { created } }', { input: { code: code.code } })

  const create = (input) => house.ask('mutation($input: CreateRobotInput!) { createRobot(input: $input) { robot { id } } }', { input }, as)
  await create({ name: robotName, webhook: 'f'.repeat(64), keywords: ['对账', '<b>报销</b>'] })
  const { robots } = await house.ask('{ robots(first: 20) { nodes { id name } } }', {}, as)
  const robot = (name) => robots.nodes.find((one) => one.name === name).id

  const broadcast = async (robotNames, message, more = {}) => {
    const input = { robotIds: robotNames.map(robot), message, ...more }
    const answer = await house.ask('mutation($input: BroadcastInput!) { broadcast(input: $input) { broadcast { id } } }', { input }, as)
    return answer.broadcast.broadcast.id
  }
  const broadcasts = {
    text: await broadcast(['ops'], { text: { content: '今晚 22:00–23:00 机房例行维护，期间登录可能短暂中断。\n有问题请找 @13800000001' } }, { mentions: { phones: ['13800000001'], userIds: ['lisi'], all: false } }),
    markdown: await broadcast(['ops', 'news'], {
      markdown: {
        title: 'Posthouse 周报：本周共发送 1,204 条',
        text: '### Posthouse 周报\n> 11 月 16 日 – 11 月 22 日\n\n- 共发送 **1,204** 条，失败 *3* 条\n- 新增账户 12 个\n1. 看[详情](https://example.com/weekly)\n2. 回复本消息\n\n![用量](https://example.com/a.png)',
      },
    }),
    link: await broadcast(['news'], { link: { title: 'Posthouse 1.0 发布说明', text: '支持钉钉与微信小程序登录、群机器人广播、事件订阅，附升级步骤与常见问题。', messageUrl: 'https://example.com/r', picUrl: 'https://example.com/p.png' } }),
    actionCard: await broadcast(['ops'], {
      actionCard: { title: '请确认值班安排', text: '## 值班安排\n本周六由 **李娜** 值班，请确认。', buttons: [{ title: '确认', url: 'https://example.com/y' }, { title: '换班', url: 'https://example.com/n' }], horizontal: true },
    }),
    feedCard: await broadcast(['news'], {
      feedCard: { links: [{ title: 'Posthouse：三分钟看懂新后台', messageUrl: 'https://example.com/1', picUrl: 'https://example.com/1.png' }, { title: '如何添加一个群机器人', messageUrl: 'https://example.com/2', picUrl: 'https://example.com/2.png' }] },
    }),
    hostile: await broadcast(['ops', robotName], {
      markdown: { title: `${hostile} مرحبا 👩‍👩‍👧‍👦`, text: `对账 ${hostile}\n[link](javascript:ran('link'))\n![p](javascript:ran('picture'))\n**مرحبا** 🏳️‍🌈` },
    }),
    scheduled: await broadcast(['ops'], { text: { content: '定时：下周一早会 9:30' } }, { sendAt: new Date(Date.now() + 2 * 86_400_000).toISOString(), priority: 'BULK' }),
  }
  const types = ['user_add_org', 'user_modify_org', 'org_dept_create', 'bpms_task_change', 'check_in', 'some_new_event', '<script>ran(1)</script>']
  const platform = await platformOf(house)
  for (const type of types) {
    await platform.push(type, { userId: ['zhangsan'], note: hostile, name: 'مرحبا 👩‍👩‍👧‍👦', dept: { id: 7, name: '研发 <b>部</b>' } })
  }
  await until('the broadcasts to have gone', async () => {
    const { broadcasts: page } = await house.ask('{ broadcasts(first: 20) { nodes { status } } }', {}, as)
    return page.nodes.every(({ status }) => status !== 'PENDING')
  })
  return { account, broadcasts, types }
}
