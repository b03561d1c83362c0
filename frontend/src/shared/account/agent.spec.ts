import { expect, it } from 'vitest'
import { agentName } from './agent'

it('names clients in words a person knows', () => {
  const names: Record<string, string> = {
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36': 'Chrome 148 · Windows',
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36 Edg/148.0.1': 'Edge 148 · Windows',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.50 Language/zh_CN': 'WeChat 8 · iOS',
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 DingTalk/7.6.0': 'DingTalk 7 · Android',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15': 'Safari 18 · macOS',
    'curl/8.5.0': 'curl 8',
    '<b>x</b>': '<b>x</b>',
    '': '',
  }
  for (const [agent, name] of Object.entries(names)) expect(agentName(agent)).toBe(name)
})
