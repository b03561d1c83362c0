import { createContext } from 'react'
import { textsIn, type Texts } from './texts'

export const TextsContext = createContext<Texts>(textsIn('zh-CN'))
