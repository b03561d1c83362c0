import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** The filter that stands in the address, so that it can be kept and sent to others. */
export function filterOf(query: LocationQuery): { types: string[]; corpId: string } {
  const one = (value: LocationQuery[string] | undefined) => (typeof value === 'string' ? value : '')
  return {
    types: one(query.types)
      .split(',')
      .map((type) => type.trim())
      .filter((type) => type !== '')
      .slice(0, 50),
    corpId: one(query.corp).trim(),
  }
}

export function queryOf(types: readonly string[], corpId: string): LocationQueryRaw {
  return { types: types.length > 0 ? types.join(',') : undefined, corp: corpId.trim() || undefined }
}
