import { computed, readonly, ref } from 'vue'

export type ThemeChoice = 'system' | 'light' | 'dark'
export const themeChoices: readonly ThemeChoice[] = ['system', 'light', 'dark']

const key = 'posthouse.theme'
const choice = ref<ThemeChoice>('system')
const systemDark = ref(false)

const dark = computed(() => (choice.value === 'system' ? systemDark.value : choice.value === 'dark'))

function apply(): void {
  document.documentElement.dataset.theme = dark.value ? 'dark' : 'light'
}

/** Follows the system, or what was chosen before. Once, before the app is drawn. */
export function startTheme(): void {
  const query = window.matchMedia('(prefers-color-scheme: dark)')
  systemDark.value = query.matches
  query.addEventListener('change', () => {
    systemDark.value = query.matches
    apply()
  })
  try {
    const stored = localStorage.getItem(key)
    if (stored === 'light' || stored === 'dark') choice.value = stored
  } catch {
    // Storage is forbidden: the system decides.
  }
  apply()
}

export const theme = {
  choice: readonly(choice),
  dark,
  choose(next: ThemeChoice): void {
    choice.value = next
    apply()
    try {
      localStorage.setItem(key, next)
    } catch {
      // Not remembered then.
    }
  },
}
