import { expect, it } from 'vitest'
import { webAddress } from './address'

it('lets nobody follow anything but addresses of the web', () => {
  expect(webAddress(' https://example.com/a?b=1 ')).toBe('https://example.com/a?b=1')
  expect(webAddress('http://127.0.0.1:8080/x')).toBe('http://127.0.0.1:8080/x')
  expect(webAddress('dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fexample.com%2F&pc_slide=true')).toBe('https://example.com/')
  for (const text of ['', 'x', '//example.com', 'javascript:alert(1)', ' java\nscript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'dingtalk://x?url=javascript%3Aalert(1)', 'dingtalk://x']) {
    expect(webAddress(text), text).toBeNull()
  }
})
