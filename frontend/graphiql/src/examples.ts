// One operation for each task. The texts lie in files of their own, so that editors and the test check
// them against the schema.
const files = import.meta.glob<string>('./operations/*.graphql', { query: '?raw', import: 'default', eager: true })

export interface Example {
  task: string
  query: string
  /** As JSON; empty where the operation takes none. */
  variables: string
}

const hour = 3_600_000

/** What is to be filled in, by task. now is the time in milliseconds. */
function variablesOf(now: number): Record<string, unknown> {
  const fullHour = Math.floor(now / hour) * hour
  return {
    register: { input: { username: 'zhangsan', password: '', phone: '13800000001' } },
    code: { input: { username: 'zhangsan' } },
    login: { input: { username: 'zhangsan', password: '', otp: { challengeId: '', code: '' } } },
    wechat: { input: { code: '' } },
    createRobot: { input: { name: '', webhook: '', secret: null, keywords: [] } },
    broadcast: {
      input: {
        robotIds: [''],
        message: { markdown: { title: 'Posthouse', text: '### Posthouse\n> 你好 hello' } },
        mentions: { all: false },
        idempotencyKey: null,
      },
    },
    deliveries: { after: null },
    events: { filter: { types: null }, after: null },
    eventLog: { first: 20, filter: null, after: null },
    activity: {
      from: new Date(fullHour - 23 * hour).toISOString(),
      to: new Date(fullHour + hour).toISOString(),
      bucket: 'HOUR',
    },
    refresh: { input: { refreshToken: '' } },
  }
}

/** The tasks in the order in which somebody new does them. */
export const tasks = [
  'house', 'register', 'code', 'login', 'wechat', 'viewer', 'robots', 'createRobot',
  'broadcast', 'deliveries', 'events', 'eventLog', 'activity', 'refresh', 'logout',
] as const

export function examples(now: number): Example[] {
  const variables = variablesOf(now)
  return tasks.map((task) => ({
    task,
    query: files[`./operations/${task}.graphql`] ?? '',
    variables: task in variables ? JSON.stringify(variables[task], null, 2) : '',
  }))
}
