import { h, type FunctionalComponent, type VNode } from 'vue'
import type { Inline } from './markdown'
import PictureBox from './PictureBox.vue'

/** Draws parsed text as elements of its own; every string becomes a text node. */
const InlineText: FunctionalComponent<{ parts: readonly Inline[] }> = (props) => props.parts.map(draw)
InlineText.props = ['parts']

function draw(part: Inline): VNode | string {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'mention':
      return h('span', { class: 'dt-mention' }, part.text)
    case 'strong':
      return h('strong', part.children.map(draw))
    case 'emphasis':
      return h('em', part.children.map(draw))
    case 'link':
      // Not a link here: a preview leads nowhere.
      return h('span', { class: 'dt-link', title: part.url }, part.children.map(draw))
    case 'picture':
      return h(PictureBox, { url: part.url, text: part.text })
  }
}

export default InlineText
