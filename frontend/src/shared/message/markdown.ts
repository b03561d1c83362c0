// DingTalk's subset of markdown (protocols.md §1.4): headings, quotes, bold, italic, links, pictures and
// lists. It is parsed into plain data and drawn as text nodes, never as HTML, so nothing in a message
// can run; and nothing in it is fetched.

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'mention'; text: string }
  | { kind: 'strong' | 'emphasis'; children: Inline[] }
  | { kind: 'link'; url: string; children: Inline[] }
  | { kind: 'picture'; url: string; text: string }

export type Block =
  | { kind: 'heading'; level: number; children: Inline[] }
  | { kind: 'quote'; lines: Inline[][] }
  | { kind: 'list'; ordered: boolean; start: number; items: Inline[][] }
  | { kind: 'lines'; lines: Inline[][] }

export function parseMarkdown(source: string, names: readonly string[] = []): Block[] {
  const blocks: Block[] = []
  for (const line of source.replace(/\r\n?/g, '\n').split('\n')) addLine(blocks, line, names)
  return blocks.filter((block) => block.kind !== 'lines' || block.lines.length > 0)
}

function addLine(blocks: Block[], line: string, names: readonly string[]): void {
  const last = blocks.at(-1)
  const inline = (text: string) => parseInline(text.trim(), names)
  if (line.trim() === '') {
    blocks.push({ kind: 'lines', lines: [] }) // ends whatever went before
    return
  }
  const heading = /^ {0,3}(#{1,6})\s(.*)$/.exec(line)
  if (heading) {
    blocks.push({ kind: 'heading', level: heading[1]!.length, children: inline(heading[2]!) })
    return
  }
  const quote = /^ {0,3}>\s?(.*)$/.exec(line)
  if (quote) {
    if (last?.kind === 'quote') last.lines.push(inline(quote[1]!))
    else blocks.push({ kind: 'quote', lines: [inline(quote[1]!)] })
    return
  }
  const item = /^ {0,3}(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/.exec(line)
  if (item) {
    const ordered = item[2] !== undefined
    if (last?.kind === 'list' && last.ordered === ordered) last.items.push(inline(item[3]!))
    else blocks.push({ kind: 'list', ordered, start: Number(item[2] ?? 1), items: [inline(item[3]!)] })
    return
  }
  if (last?.kind === 'lines') last.lines.push(inline(line))
  else blocks.push({ kind: 'lines', lines: [inline(line)] })
}

// Deeper than this nothing is drawn in DingTalk either, and a hostile text cannot exhaust the stack.
const deepest = 6

export function parseInline(text: string, names: readonly string[] = [], depth = 0): Inline[] {
  const out: Inline[] = []
  let plain = 0 // where text that is nothing else began
  let at = 0
  const finders = new Finders(text)
  while (at < text.length) {
    const [node, end] = depth < deepest ? inlineAt(text, at, names, depth, finders) : nothing
    if (!node) {
      at++
      continue
    }
    if (plain < at) out.push({ kind: 'text', text: text.slice(plain, at) })
    out.push(node)
    at = plain = end
  }
  if (plain < text.length) out.push({ kind: 'text', text: text.slice(plain) })
  return out
}

type Found = readonly [node: Inline | null, end: number]
const nothing: Found = [null, 0]

function inlineAt(text: string, at: number, names: readonly string[], depth: number, finders: Finders): Found {
  switch (text[at]) {
    case '!':
      return text[at + 1] === '[' ? bracketsAt(text, at + 1, finders, (words, url) => ({ kind: 'picture', text: words, url })) : nothing
    case '[':
      return bracketsAt(text, at, finders, (words, url) => ({ kind: 'link', url, children: parseInline(words, names, depth + 1) }))
    case '_':
      // An underscore within a word is a letter like any other.
      if (at > 0 && /\w/.test(text[at - 1]!)) return nothing
      return emphasisAt(text, at, names, depth, finders)
    case '*':
      return emphasisAt(text, at, names, depth, finders)
    case '@': {
      const [node, length] = mentionAt(text.slice(at, at + longestName), names)
      return [node, at + length]
    }
    default:
      return nothing
  }
}

/** `[words](url)`; words hold no brackets of their own. */
function bracketsAt(text: string, at: number, finders: Finders, make: (words: string, url: string) => Inline): Found {
  const close = finders.next(']', at + 1)
  if (close < 0 || text[close + 1] !== '(') return nothing
  const end = finders.next(')', close + 2)
  if (end < 0) return nothing
  // A title may follow the address; it is not shown.
  const url = text.slice(close + 2, end).trim().split(/\s/, 1)[0] ?? ''
  return [make(text.slice(at + 1, close), url), end + 1]
}

function emphasisAt(text: string, at: number, names: readonly string[], depth: number, finders: Finders): Found {
  const one = text[at]!
  const markers = text[at + 1] === one ? [one + one, one] : [one]
  for (const marker of markers) {
    const start = at + marker.length
    if (start >= text.length || /\s/.test(text[start]!)) continue
    const close = finders.closing(marker, start + 1)
    if (close < 0) continue
    const children = parseInline(text.slice(start, close), names, depth + 1)
    return [{ kind: marker.length === 2 ? 'strong' : 'emphasis', children }, close + marker.length]
  }
  return nothing
}

/**
 * Finds closing marks. What it found last is remembered, as is that nothing follows, so that a text
 * full of opening marks is read once and not once for each of them.
 */
class Finders {
  private readonly found = new Map<string, number>()

  constructor(private readonly text: string) {}

  next(mark: string, from: number): number {
    return this.search(mark, from, () => true)
  }

  /** A mark that closes emphasis stands right after a word. */
  closing(mark: string, from: number): number {
    return this.search(`close ${mark}`, from, (at) => !/\s/.test(this.text[at - 1]!), mark)
  }

  private search(key: string, from: number, fits: (at: number) => boolean, mark = key): number {
    const last = this.found.get(key)
    if (last !== undefined && (last < 0 || last >= from)) return last
    let at = this.text.indexOf(mark, from)
    while (at >= 0 && !fits(at)) at = this.text.indexOf(mark, at + 1)
    this.found.set(key, at)
    return at
  }
}

// DingTalk's user ids have at most 64 characters; a name is looked for within this.
const longestName = 80

function mentionAt(rest: string, names: readonly string[]): [Inline | null, number] {
  if (rest[0] !== '@') return [null, 0]
  const name = names.find((one) => rest.startsWith(one, 1) && !/^[\w-]/.test(rest.slice(1 + one.length)))
  return name === undefined ? [null, 0] : [{ kind: 'mention', text: `@${name}` }, name.length + 1]
}

/** Plain text with its mentions, line by line: what a text message is. */
export function parseText(source: string, names: readonly string[]): Inline[][] {
  return source
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => parseMentions(line, names))
}

function parseMentions(line: string, names: readonly string[]): Inline[] {
  const out: Inline[] = []
  let plain = ''
  for (let rest = line; rest !== ''; ) {
    const [node, length] = mentionAt(rest, names)
    if (node) {
      if (plain) out.push({ kind: 'text', text: plain })
      plain = ''
      out.push(node)
      rest = rest.slice(length)
      continue
    }
    const next = rest.indexOf('@', 1)
    const end = next < 0 ? rest.length : next
    plain += rest.slice(0, end)
    rest = rest.slice(end)
  }
  if (plain) out.push({ kind: 'text', text: plain })
  return out
}
