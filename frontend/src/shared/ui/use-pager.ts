import { computed, ref, watch, type WatchSource } from 'vue'
import { useRoute, useRouter } from 'vue-router'

// Cursors of the pages passed on the way to the present one, by list: coming back from a detail page
// finds them again.
const trails = new Map<string, string[]>()

/** Keyset paging whose place stands in the address, so that Back and a reload keep it. */
export function usePager(list: string) {
  const route = useRoute()
  const router = useRouter()
  const trail = trails.get(list) ?? []
  trails.set(list, trail)
  const after = computed(() => (typeof route.query.after === 'string' ? route.query.after : null))

  const show = (cursor: string | null) => router.push({ query: { ...route.query, after: cursor ?? undefined } })

  return {
    after,
    hasPrevious: computed(() => after.value !== null),
    next(endCursor: string | null): void {
      if (!endCursor) return
      trail.push(after.value ?? '')
      void show(endCursor)
    },
    /** The page before; the first one when the way here is not known. */
    previous(): void {
      void show(trail.pop() || null)
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
