import { useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { useContext } from 'react'
import { examples, type Example } from './examples'
import { TextsContext } from './context'

/** The list of tasks beside the editor. A click opens one in an empty tab. */
export function ExamplesPanel() {
  const texts = useContext(TextsContext)
  const { addTab, updateActiveTabValues } = useGraphiQLActions()
  const queryEditor = useGraphiQL((state) => state.queryEditor)
  const variableEditor = useGraphiQL((state) => state.variableEditor)

  const open = (example: Example) => {
    const written = queryEditor?.getValue() ?? ''
    if (written.replace(/^\s*#.*$/gm, '').trim() !== '') addTab()
    queryEditor?.setValue(example.query)
    variableEditor?.setValue(example.variables)
    updateActiveTabValues({ query: example.query, variables: example.variables, response: null })
    queryEditor?.focus()
  }

  return (
    <section className="posthouse-examples" aria-label={texts.examples}>
      <div className="graphiql-doc-explorer-title">{texts.examples}</div>
      <p>{texts.examplesHint}</p>
      <ul>
        {examples(Date.now()).map((example) => (
          <li key={example.task}>
            <button type="button" data-task={example.task} onClick={() => open(example)}>
              <strong>{texts.tasks[example.task]?.title}</strong>
              <span>{texts.tasks[example.task]?.hint}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function ExamplesIcon() {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 6.5A2.5 2.5 0 0 1 6.5 4H20v13H6.5A2.5 2.5 0 0 0 4 19.5z" />
      <path d="M4 19.5A2.5 2.5 0 0 0 6.5 22H20v-5" />
      <path d="m9 8.5 2.5 2.5L9 13.5M13 13.5h3" />
    </svg>
  )
}
