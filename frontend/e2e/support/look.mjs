// Looking at a page as a person with taste, and as one with other means, would.
import assert from 'node:assert/strict'
import { axeFindings } from './axe.mjs'
import { screenshots } from './place.mjs'

const narrow = { width: 360, height: 740 }

/** Pictures in light and dark with axe on each, and one in a narrow window, which must not scroll sideways. */
export async function look(t, page, name, language) {
  await t.test(name, async () => {
    const wide = page.viewportSize()
    const findings = []
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await settled(page)
      await picture(page, `${name}-${language}-${theme}`)
      findings.push(...(await axeFindings(page)).map((finding) => `${theme}: ${finding}`))
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await page.setViewportSize(narrow)
    await settled(page)
    await picture(page, `${name}-${language}-narrow`, true)
    const [has, needs] = await page.evaluate(() => [document.documentElement.clientWidth, document.documentElement.scrollWidth])
    if (needs > has) findings.push(`narrow: the page scrolls sideways, ${needs} pixels in ${has}`)
    await page.setViewportSize(wide)
    if (findings.length > 0) assert.fail(`${name}:\n${findings.join('\n')}`)
  })
}

/** Waits until nothing is connecting, loading, moving or about to be drawn. */
async function settled(page) {
  await page.locator('main .tag.busy, .ant-btn-loading').first().waitFor({ state: 'hidden' })
  await page.evaluate(async () => {
    await document.fonts.ready
    await Promise.all(document.getAnimations().map((animation) => animation.effect?.getComputedTiming().iterations === Infinity || animation.finished.catch(() => {})))
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
}

const picture = (page, name, whole = false) => page.screenshot({ path: `${screenshots}${name}.png`, fullPage: whole, animations: 'disabled' })
