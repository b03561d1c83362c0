// What the browser's own tracing knows of the tasks of a page's main thread.

/**
 * Traces a page while act runs. Gives, for the longest of its tasks by the clock on the wall and for the one
 * that took the most processor time, both in milliseconds: on a busy machine most of a long task is waiting
 * for a processor.
 */
export async function traceTasks(page, act) {
  const session = await page.context().newCDPSession(page)
  const events = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value))
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'] } })
  await act()
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await complete
  const main = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}:${tid}`))
  const tasks = events.filter(({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && main.has(`${pid}:${tid}`))
  const most = (pick) => Math.max(0, ...tasks.map((task) => pick(task) / 1000))
  return { wall: most((task) => task.dur), processor: most((task) => task.tdur ?? 0) }
}
