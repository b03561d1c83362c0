import { computed, ref, watch, type WatchSource } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { Reason, type ApiError } from '../api/errors'

// Which page each page was reached from, by list and cursor: coming back from a detail page, or by the
// browser's own buttons, finds the way again.
const trails = new Map<string, Map<string, string | null>>()

/** Keyset paging whose place stands in the address, so that Back and a reload keep it. */
export function usePager(list: string) {
  const route = useRoute()
  const router = useRouter()
  const before = trails.get(list) ?? new Map<string, string | null>()
  trails.set(list, before)
  const after = computed(() => (typeof route.query.after === 'string' ? route.query.after : null))

  const place = (cursor: string | null) => ({ query: { ...route.query, after: cursor ?? undefined } })

  return {
    after,
    hasPrevious: computed(() => after.value !== null),
    next(endCursor: string | null): void {
      if (!endCursor) return
      before.set(endCursor, after.value)
      void router.push(place(endCursor))
    },
    /** Takes what the list was last refused for: a cursor that the server does not know leads to the first page. */
    heed(error: () => ApiError | null): void {
      watch(error, (refusal) => {
        if (refusal?.reason === Reason.cursorInvalid && after.value !== null) void router.replace(place(null))
      })
    },
    /** The page before; the first one when the way here is not known. */
    previous(): void {
      void router.push(place(before.get(after.value ?? '') ?? null))
    },
  }
}

/** Keyset paging within a page; begins anew when the source changes. */
export function useInnerPager(source: WatchSource) {
  const cursors = ref<string[]>([])
  watch(source, () => (cursors.value = []))
  return {
    after: computed(() => cursors.value.at(-1) ?? null),
    hasPrevious: computed(() => cursors.value.length > 0),
    next(endCursor: string | null): void {
      if (endCursor) cursors.value.push(endCursor)
    },
    previous(): void {
      cursors.value.pop()
    },
  }
}
