import { computed, onScopeDispose, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { run } from '@/shared/api/client'
import { Reason } from '@/shared/api/errors'
import { useAction } from '@/shared/api/use-action'
import { clock } from '@/shared/clock'
import { SendBroadcastDocument } from '@/shared/gql/graphql'
import { session } from '@/shared/session/session'
import { check, inputOf, newDraft, newKey, type Draft } from './draft'
import { keep, recall } from './keep'

const settle = 300 // milliseconds without typing before the draft is kept

/** A draft, what is wrong with it, and sending it. `sent` is called with the broadcast's id. */
export function useCompose(sent: (id: string) => void) {
  const { t } = useI18n()
  const draft = ref<Draft>(recall(() => sessionStorage))
  const tried = ref(false) // faults are shown once sending was tried
  let timer: ReturnType<typeof setTimeout> | undefined

  // The page outlives a sign-out for a moment; what was typed must not come back into the tab then.
  const store = () => {
    if (session.viewer.value) keep(() => sessionStorage, draft.value)
  }

  watch(
    draft,
    () => {
      clearTimeout(timer)
      timer = setTimeout(store, settle)
    },
    { deep: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    store()
  })

  const faults = computed(() => check(draft.value, clock.now()))
  const complete = computed(() => Object.keys(faults.value).length === 0)

  const { busy, error, start } = useAction(async () => {
    const { broadcast } = await run(SendBroadcastDocument, { input: inputOf(draft.value) })
    reset()
    sent(broadcast.broadcast.id)
  })

  function wrong(field: string): string | undefined {
    const fault = faults.value[field]
    if (fault && (tried.value || fault === 'tooLong')) return t(`broadcasts.fault.${fault}`)
    return error.value?.fields[field]
  }

  async function send(): Promise<boolean> {
    tried.value = true
    if (!complete.value) return false
    await start()
    return true
  }

  function reset(): void {
    draft.value = newDraft()
    tried.value = false
    error.value = null
    keep(() => sessionStorage, null)
  }

  return {
    draft,
    faults,
    complete,
    tried,
    busy,
    error,
    wrong,
    send,
    reset,
    /** An earlier state of this draft was taken under its key; this one is another message. */
    conflict: computed(() => error.value?.reason === Reason.idempotencyConflict),
    sendAsNew: () => {
      draft.value.key = newKey()
      return send()
    },
  }
}
