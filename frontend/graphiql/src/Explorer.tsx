import { GraphiQL } from 'graphiql'
import type { GraphiQLPlugin } from '@graphiql/react'
import { HISTORY_PLUGIN } from '@graphiql/plugin-history'
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { AccessBar } from './AccessBar'
import type { Access } from './access'
import { TextsContext } from './context'
import { ExamplesIcon, ExamplesPanel } from './ExamplesPanel'
import { storedLanguage, storeLanguage, textsIn, type Language } from './texts'
import { openTransport } from './transport'

const scheme = window.matchMedia('(prefers-color-scheme: dark)')

function watchScheme(changed: () => void): () => void {
  scheme.addEventListener('change', changed)
  return () => scheme.removeEventListener('change', changed)
}

/** The whole page: a bar that says who asks, and GraphiQL. */
export function Explorer({ access }: { access: Access }) {
  const [language, setLanguage] = useState<Language>(storedLanguage)
  const [received, setReceived] = useState('')
  const { owner } = useSyncExternalStore(access.subscribe, access.current)
  const dark = useSyncExternalStore(watchScheme, () => scheme.matches)
  const texts = textsIn(language)

  const transport = useMemo(() => openTransport(access, () => language, setReceived), [access, language])
  useEffect(() => () => transport.close(), [transport, owner])

  const plugins = useMemo<GraphiQLPlugin[]>(
    () => [{ title: texts.examples, icon: ExamplesIcon, content: ExamplesPanel }, HISTORY_PLUGIN],
    [texts],
  )
  useEffect(() => {
    document.documentElement.lang = language
    document.title = texts.title
  }, [language, texts])

  const switchLanguage = () => {
    const next: Language = language === 'en' ? 'zh-CN' : 'en'
    storeLanguage(next)
    setLanguage(next)
  }

  return (
    <TextsContext value={texts}>
      <AccessBar access={access} received={received} onLanguage={switchLanguage} />
      {/* Somebody else may see another schema, another language has other panels, and the editor takes its
          colours when it is made: begin anew. What was written stays in the tab's storage. */}
      <main>
        <GraphiQL
          key={`${language} ${dark} ${owner}`}
          fetcher={transport.fetcher}
          plugins={plugins}
          visiblePlugin={texts.examples}
          storage={sessionStorage}
          defaultQuery={texts.welcome}
          defaultEditorToolsVisibility="variables"
          shouldPersistHeaders={false}
          showPersistHeadersSettings={false}
        />
      </main>
    </TextsContext>
  )
}
