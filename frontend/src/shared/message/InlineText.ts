import { h, type FunctionalComponent, type VNode } from 'vue'
import { webAddress } from './address'
import type { Inline } from './markdown'
import PictureBox from './PictureBox.vue'

interface Props {
  parts: readonly Inline[]
  /** What is shown for a name behind an @, such as the person of a phone number. */
  people?: ReadonlyMap<string, string>
  /** Links lead somewhere when a person follows them. */
  open?: boolean
}

/** Draws parsed text as elements of its own; every string becomes a text node. */
const InlineText: FunctionalComponent<Props> = (props) => props.parts.map((part) => draw(part, props))
InlineText.props = ['parts', 'people', 'open']

function draw(part: Inline, props: Props): VNode | string {
  const inner = (children: readonly Inline[]) => children.map((child) => draw(child, props))
  switch (part.kind) {
    case 'text':
      return part.text
    case 'mention':
      return h('span', { class: 'dt-mention' }, mention(part.text, props.people))
    case 'strong':
      return h('strong', inner(part.children))
    case 'emphasis':
      return h('em', inner(part.children))
    case 'link': {
      const href = props.open ? webAddress(part.url) : null
      if (href) return h('a', { class: 'dt-link', href, target: '_blank', rel: 'noopener noreferrer' }, inner(part.children))
      return h('span', { class: 'dt-link', title: part.url }, inner(part.children))
    }
    case 'picture':
      return h(PictureBox, { url: part.url, text: part.text })
  }
}

function mention(text: string, people: ReadonlyMap<string, string> | undefined): string {
  const shown = people?.get(text.slice(1))
  return shown === undefined ? text : `@${shown}`
}

export default InlineText
