// axe-core, which finds what keeps people with other means out of a page.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * What axe finds; except: selectors of what somebody else draws. It comes into the page through the debugger:
 * the page's policy forbids inline scripts.
 */
export async function axeFindings(page, except = []) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(`${source};undefined`)
  return page.evaluate(async (except) => {
    const { violations } = await window.axe.run({ exclude: except }, { resultTypes: ['violations'] })
    const told = ({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary.replace(/\s+/g, ' ')}`
    return violations.map(({ id, help, nodes }) => `${id} (${nodes.length}): ${help}: ${nodes.slice(0, 2).map(told).join(' | ')}`)
  }, except)
}

/** Fails unless the page is without findings. */
export async function checkAxe(page, name, except) {
  const findings = await axeFindings(page, except)
  if (findings.length > 0) assert.fail(`axe on ${name}:\n${findings.join('\n')}`)
}
