import { useQuery, type AnyVariables, type TypedDocumentNode } from '@urql/vue'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { connection } from '../live/connection'
import { session } from '../session/session'
import { toApiError } from './errors'

/**
 * A query as a page shows it: what is known, whether more is under way, what went wrong. It is asked
 * again when its variables change, when the server is back, and after signing in anew. Variables that
 * are null hold it back.
 */
export function useAsk<D, V extends AnyVariables>(document: TypedDocumentNode<D, V>, variables: MaybeRefOrGetter<V | null>) {
  const given = computed(() => toValue(variables))
  const held = computed(() => given.value === null)
  const query = useQuery<D, V>({
    query: document,
    variables: computed(() => given.value ?? ({} as V)) as never,
    pause: held,
  })
  const refresh = () => {
    if (!held.value) query.executeQuery({ requestPolicy: 'network-only' })
  }
  watch([connection.returns, session.renewed], refresh)
  // The variables that what is shown answers; compared by what they hold, since getters make new ones.
  const answered = ref('')
  const asked = computed(() => JSON.stringify(given.value))
  watch(
    [query.data, query.fetching],
    () => {
      if (!query.fetching.value) answered.value = asked.value
    },
    { immediate: true },
  )
  return {
    data: query.data,
    /** Null while the last answer was good. */
    error: computed(() => (query.error.value && !query.fetching.value ? toApiError(query.error.value) : null)),
    /** Nothing to show yet. */
    loading: computed(() => query.fetching.value && query.data.value === undefined),
    /** What is known answers an earlier question; the answer to the present one is on its way. */
    outdated: computed(() => query.data.value !== undefined && query.fetching.value && answered.value !== asked.value),
    /** Something is under way, shown or not. */
    busy: computed(() => query.fetching.value || query.stale.value),
    refresh,
  }
}
