const browsers: [RegExp, string][] = [
  [/DingTalk(?:-[A-Za-z]+)?\/([\d.]+)/, 'DingTalk'],
  [/MicroMessenger\/([\d.]+)/, 'WeChat'],
  [/Edg(?:e|A|iOS)?\/([\d.]+)/, 'Edge'],
  [/(?:Firefox|FxiOS)\/([\d.]+)/, 'Firefox'],
  [/(?:Chrome|CriOS|Chromium)\/([\d.]+)/, 'Chrome'],
  [/Version\/([\d.]+).*Safari/, 'Safari'],
  [/^curl\/([\d.]+)/, 'curl'],
]

const systems: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** What a client calls itself, in words a person knows: "Chrome 148 · Windows". As it is when unknown. */
export function agentName(userAgent: string): string {
  let name = ''
  for (const [pattern, browser] of browsers) {
    const version = pattern.exec(userAgent)?.[1]
    if (version) {
      name = `${browser} ${version.split('.')[0]}`
      break
    }
  }
  if (!name) return userAgent.slice(0, 80)
  const system = systems.find(([pattern]) => pattern.test(userAgent))
  return system ? `${name} · ${system[1]}` : name
}
