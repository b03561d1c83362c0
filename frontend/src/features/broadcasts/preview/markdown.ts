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
  const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line)
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

const picture = /^!\[([^\]]*)\]\(\s*([^)\s]*)[^)]*\)/
const link = /^\[((?:[^[\]]|\[[^\]]*\])*)\]\(\s*([^)\s]*)[^)]*\)/
const strong = /^(\*\*|__)(?=\S)([\s\S]*?\S)\1/
const emphasis = /^([*_])(?=\S)([\s\S]*?\S)\1/
const special = /[!*_[@]/

export function parseInline(text: string, names: readonly string[] = [], depth = 0): Inline[] {
  const out: Inline[] = []
  let plain = ''
  const flush = () => {
    if (plain) out.push({ kind: 'text', text: plain })
    plain = ''
  }
  for (let rest = text; rest !== ''; ) {
    const at = rest.search(special)
    if (at !== 0 || depth >= deepest) {
      const end = at > 0 && depth < deepest ? at : rest.length
      plain += rest.slice(0, end)
      rest = rest.slice(end)
      continue
    }
    const [node, length] = inlineAt(rest, names, depth, plain.at(-1))
    if (!node) {
      plain += rest[0]
      rest = rest.slice(1)
      continue
    }
    flush()
    out.push(node)
    rest = rest.slice(length)
  }
  flush()
  return out
}

function inlineAt(rest: string, names: readonly string[], depth: number, before: string | undefined): [Inline | null, number] {
  let found: RegExpExecArray | null
  if ((found = picture.exec(rest))) return [{ kind: 'picture', text: found[1]!, url: found[2]! }, found[0].length]
  if ((found = link.exec(rest))) return [{ kind: 'link', url: found[2]!, children: parseInline(found[1]!, names, depth + 1) }, found[0].length]
  // An underscore within a word is a letter like any other.
  if (rest[0] === '_' && before && /\w/.test(before)) return [null, 0]
  if ((found = strong.exec(rest))) return [{ kind: 'strong', children: parseInline(found[2]!, names, depth + 1) }, found[0].length]
  if ((found = emphasis.exec(rest))) return [{ kind: 'emphasis', children: parseInline(found[2]!, names, depth + 1) }, found[0].length]
  return mentionAt(rest, names)
}

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
