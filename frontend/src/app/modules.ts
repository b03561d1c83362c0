import type { FeatureModule } from '@/shared/feature'

/** Every feature folder there is; a new folder with a `module.ts` needs nothing else. */
export const modules: readonly FeatureModule[] = Object.values(
  import.meta.glob<FeatureModule>('../features/*/module.ts', { eager: true, import: 'default' }),
)

export const menu = modules.flatMap((module) => module.menu ?? []).sort((a, b) => a.order - b.order)

export const overlays = modules.flatMap((module) => module.overlays ?? [])
