export type Language = 'zh-CN' | 'en'

const key = 'posthouse.language' // shared with the admin app

export interface Texts {
  title: string
  admin: string
  examples: string
  examplesHint: string
  token: string
  paste: string
  use: string
  forget: string
  takeOver: string
  language: string
  welcome: string
  who: Record<'pasted' | 'tab' | 'none', string>
  as: (name: string, roles: string) => string
  ended: string
  unreachable: string
  tasks: Record<string, { title: string; hint: string }>
}

const zh: Texts = {
  title: 'Posthouse 驿站 · GraphiQL',
  admin: '管理页面',
  examples: '示例',
  examplesHint: '点击后在编辑器中打开，填好下方变量再运行。',
  token: '令牌',
  paste: '粘贴访问令牌或 skey',
  use: '使用',
  forget: '清除',
  takeOver: '使用刚得到的令牌',
  language: 'English',
  welcome: '# 从左侧“示例”中选择一个任务，或直接书写查询。\n# 按 Ctrl+Enter 运行，Ctrl+空格补全。\n\n',
  who: { pasted: '使用粘贴的令牌', tab: '使用本标签页的登录', none: '未登录' },
  as: (name, roles) => `${name}（${roles}）`,
  ended: '登录已失效，请重新登录或粘贴新的令牌',
  unreachable: '无法连接服务器',
  tasks: {
    house: { title: '这里是什么', hint: '无需登录：版本、是否开放注册、登录需要什么。' },
    register: { title: '注册账号', hint: '得到令牌后，可在页面上方直接使用。' },
    code: { title: '获取验证码', hint: '验证码不会出现在回答里；沙箱中请在 ops 群里查看。' },
    login: { title: '登录', hint: '用户名、密码和收到的验证码。' },
    wechat: { title: '微信小程序登录', hint: 'code 来自 wx.login；沙箱页面可以生成。' },
    viewer: { title: '我是谁', hint: '当前账号、身份和会话。' },
    robots: { title: '机器人列表', hint: '群发时需要机器人的 id。' },
    createRobot: { title: '添加机器人', hint: '粘贴钉钉显示的 Webhook；它不会再被返回。' },
    broadcast: { title: '群发消息', hint: '回答表示已保存，稍后发送。' },
    deliveries: { title: '跟踪发送（订阅）', hint: '先运行它，再到另一个标签页群发。' },
    events: { title: '回调事件（订阅）', hint: '运行后从沙箱推送一个事件试试。' },
    eventLog: { title: '事件记录', hint: '最新的在前。' },
    activity: { title: '活动统计', hint: '按小时或按天。' },
    refresh: { title: '刷新会话', hint: '每个刷新令牌只能用一次。' },
    logout: { title: '退出登录', hint: '结束当前会话。' },
  },
}

const en: Texts = {
  title: 'Posthouse · GraphiQL',
  admin: 'Admin app',
  examples: 'Examples',
  examplesHint: 'A click opens one in the editor; fill in its variables below and run it.',
  token: 'Token',
  paste: 'Paste an access token or skey',
  use: 'Use',
  forget: 'Forget',
  takeOver: 'Use the token just received',
  language: '中文',
  welcome: '# Choose a task from "Examples" on the left, or write a query.\n# Ctrl+Enter runs it, Ctrl+Space completes.\n\n',
  who: { pasted: 'With the pasted token', tab: "With this tab's sign-in", none: 'Not signed in' },
  as: (name, roles) => `${name} (${roles})`,
  ended: 'The sign-in has ended: sign in again or paste another token',
  unreachable: 'The server cannot be reached',
  tasks: {
    house: { title: 'What is here', hint: 'Without signing in: version, registration, what a sign-in wants.' },
    register: { title: 'Register', hint: 'Use the token you get at the top of the page.' },
    code: { title: 'Ask for a code', hint: 'It is not in the answer; in the sandbox it appears in the chat "ops".' },
    login: { title: 'Sign in', hint: 'Username, password and the code.' },
    wechat: { title: 'WeChat mini-program login', hint: 'The code comes from wx.login; the sandbox page makes one.' },
    viewer: { title: 'Who am I', hint: 'The account, its identities and sessions.' },
    robots: { title: 'Robots', hint: 'A broadcast needs their ids.' },
    createRobot: { title: 'Add a robot', hint: 'Paste the webhook that DingTalk shows; it is never returned.' },
    broadcast: { title: 'Broadcast', hint: 'The answer means that it is stored and will be sent.' },
    deliveries: { title: 'Follow deliveries (subscription)', hint: 'Run it, then broadcast from another tab.' },
    events: { title: 'Callback events (subscription)', hint: 'Run it, then push an event from the sandbox.' },
    eventLog: { title: 'Event log', hint: 'The newest first.' },
    activity: { title: 'Activity', hint: 'By hours or by days.' },
    refresh: { title: 'Refresh the session', hint: 'Each refresh token works once.' },
    logout: { title: 'Sign out', hint: 'Ends this session.' },
  },
}

export const textsIn = (language: Language): Texts => (language === 'en' ? en : zh)

/** Chinese unless the person chose English, here, in the admin app or in the browser. */
export function preferredLanguage(chosen: string | null, accepted: readonly string[]): Language {
  if (chosen === 'zh-CN' || chosen === 'en') return chosen
  for (const tag of accepted) {
    if (/^zh\b/i.test(tag)) return 'zh-CN'
    if (/^en\b/i.test(tag)) return 'en'
  }
  return 'zh-CN'
}

export function storedLanguage(): Language {
  try {
    return preferredLanguage(localStorage.getItem(key), navigator.languages)
  } catch {
    return preferredLanguage(null, navigator.languages)
  }
}

export function storeLanguage(language: Language): void {
  try {
    localStorage.setItem(key, language)
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
}
