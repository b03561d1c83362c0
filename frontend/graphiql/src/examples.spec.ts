import { readdirSync, readFileSync } from 'node:fs'
import { buildSchema, getVariableValues, parse, validate, type OperationDefinitionNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import { examples, tasks } from './examples'
import { textsIn } from './texts'

const folder = '../../graph/schema'
const schema = buildSchema(
  readdirSync(folder)
    .filter((name) => name.endsWith('.graphqls'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('\n'),
)

describe('examples', () => {
  const all = examples(Date.UTC(2026, 2, 1, 8, 30))

  it.each(all.map((e) => [e.task, e] as const))('%s fits the schema', (_, example) => {
    const document = parse(example.query)
    expect(validate(schema, document)).toEqual([])
    const operation = document.definitions[0] as OperationDefinitionNode
    const given = example.variables ? (JSON.parse(example.variables) as Record<string, unknown>) : {}
    const names = (operation.variableDefinitions ?? []).map((v) => v.variable.name.value)
    expect(Object.keys(given).filter((name) => !names.includes(name))).toEqual([])
    const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], given)
    expect(coerced.errors ?? []).toEqual([])
  })

  it('has a title and a hint in both languages for each', () => {
    for (const language of ['zh-CN', 'en'] as const) {
      const texts = textsIn(language)
      expect(Object.keys(texts.tasks).sort()).toEqual([...tasks].sort())
      for (const { title, hint } of Object.values(texts.tasks)) expect(title && hint).toBeTruthy()
    }
  })

  it('carries no secret that somebody might keep', () => {
    for (const { variables } of all) expect(variables).not.toMatch(/"(password|code|webhook|refreshToken)": "[^"]/)
  })
})
