import { useContext, useEffect, useState, useSyncExternalStore, type FormEvent } from 'react'
import { adminAddress } from './address'
import type { Access } from './access'
import { TextsContext } from './context'
import { whoIs, type Who } from './transport'

interface Props {
  access: Access
  /** A token that an answer has brought; '' when none has. */
  received: string
  onLanguage(): void
}

/** Says with whose rights operations are sent, and takes another token. */
export function AccessBar({ access, received, onLanguage }: Props) {
  const texts = useContext(TextsContext)
  const { source, token } = useSyncExternalStore(access.subscribe, access.current)
  const [who, setWho] = useState<Who | null | 'ended' | 'unreachable'>(null)
  const [pasted, setPasted] = useState('')

  useEffect(() => {
    let stale = false
    void whoIs(token).then((found) => {
      if (!stale) setWho(found)
    })
    return () => {
      stale = true
    }
  }, [token])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (pasted.trim()) access.use(pasted)
    setPasted('')
  }

  return (
    <header className="posthouse-bar">
      <a href={adminAddress}>{texts.admin}</a>
      <h1>{texts.title}</h1>
      <span className="posthouse-who" role="status" data-source={source}>
        {texts.who[source]}
        {who === 'ended' && <em>{texts.ended}</em>}
        {who === 'unreachable' && <em>{texts.unreachable}</em>}
        {who !== null && typeof who === 'object' && <b>{texts.as(who.username ?? '—', who.roles.join(', '))}</b>}
      </span>
      {received && received !== token && (
        <button type="button" className="posthouse-take" onClick={() => access.use(received)}>
          {texts.takeOver}
        </button>
      )}
      <form onSubmit={submit}>
        <input
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-label={texts.paste}
          placeholder={texts.paste}
          value={pasted}
          onChange={(event) => setPasted(event.target.value)}
        />
        <button type="submit">{texts.use}</button>
        {source === 'pasted' && (
          <button type="button" onClick={() => access.forget()}>
            {texts.forget}
          </button>
        )}
      </form>
      <button type="button" onClick={onLanguage}>
        {texts.language}
      </button>
    </header>
  )
}
