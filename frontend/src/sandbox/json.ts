// Checks JSON that a person types, and says where the first mistake is and what stands wrong there. The
// browser's own parser words that differently in each browser, in English, and would round large numbers.

export type Mistake = 'empty' | 'notObject' | 'value' | 'string' | 'escape' | 'key' | 'colon' | 'comma' | 'number' | 'after' | 'open' | 'deep'

export interface Place {
  mistake: Mistake
  /** From 1. */
  line: number
  column: number
}

const deepest = 100

class Wrong extends Error {
  constructor(
    readonly mistake: Mistake,
    readonly at: number,
  ) {
    super(mistake)
  }
}

/** The first mistake in what should be one JSON object; null when it is one. */
export function checkObject(text: string): Place | null {
  try {
    new Reader(text).object()
    return null
  } catch (cause) {
    if (!(cause instanceof Wrong)) throw cause
    const before = text.slice(0, cause.at)
    const line = before.split('\n').length
    return { mistake: cause.mistake, line, column: [...before.slice(before.lastIndexOf('\n') + 1)].length + 1 }
  }
}

class Reader {
  private at = 0

  constructor(private readonly text: string) {}

  object(): void {
    this.space()
    if (this.at === this.text.length) throw new Wrong('empty', 0)
    if (this.text[this.at] !== '{') throw new Wrong('notObject', this.at)
    this.value(0)
    this.space()
    if (this.at < this.text.length) throw new Wrong('after', this.at)
  }

  private space(): void {
    while (this.at < this.text.length && ' \t\n\r'.includes(this.text[this.at]!)) this.at++
  }

  private value(depth: number): void {
    if (depth > deepest) throw new Wrong('deep', this.at)
    this.space()
    const first = this.text[this.at]
    if (first === '{') this.list('}', () => this.member(depth))
    else if (first === '[') this.list(']', () => this.value(depth + 1))
    else if (first === '"') this.string()
    else if (first === undefined) throw new Wrong('open', this.at)
    else this.plain()
  }

  private list(end: '}' | ']', item: () => void): void {
    this.at++
    this.space()
    if (this.text[this.at] === end) {
      this.at++
      return
    }
    for (;;) {
      item()
      this.space()
      const next = this.text[this.at]
      if (next === undefined) throw new Wrong('open', this.at)
      if (next !== ',' && next !== end) throw new Wrong('comma', this.at)
      this.at++
      if (next === end) return
    }
  }

  private member(depth: number): void {
    this.space()
    if (this.text[this.at] !== '"') throw new Wrong(this.at < this.text.length ? 'key' : 'open', this.at)
    this.string()
    this.space()
    if (this.text[this.at] !== ':') throw new Wrong(this.at < this.text.length ? 'colon' : 'open', this.at)
    this.at++
    this.value(depth + 1)
  }

  private string(): void {
    const start = this.at++
    for (;;) {
      const one = this.text[this.at]
      if (one === undefined || one < ' ') throw new Wrong('string', start)
      this.at++
      if (one === '"') return
      if (one !== '\\') continue
      const escaped = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(this.text.slice(this.at, this.at + 5))
      if (!escaped) throw new Wrong('escape', this.at - 1)
      this.at += escaped[0].length
    }
  }

  private plain(): void {
    const end = /[\s,\]}[{":]|$/g
    end.lastIndex = this.at
    const word = this.text.slice(this.at, end.exec(this.text)!.index)
    if (!/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word)) {
      throw new Wrong(/^[-+.\d]/.test(word) ? 'number' : 'value', this.at)
    }
    this.at += word.length
  }
}
