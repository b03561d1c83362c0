import { expect, it } from 'vitest'
import { eventsPath, faultOf, kindsOf, paths, problemsOf, robotPath, type FaultForm } from './fault-kinds'

const form = (more: Partial<FaultForm> = {}): FaultForm => ({ path: robotPath, kind: 'throttle', errcode: '-1', seconds: '30', times: '3', ...more })

it('offers each path what the sandbox takes for it', () => {
  expect(kindsOf(robotPath)).toContain('duplicate')
  expect(kindsOf('/gettoken')).not.toContain('duplicate')
  expect(kindsOf(eventsPath)).toEqual(['duplicate', 'lostAck', 'reset'])
  for (const path of paths) expect(problemsOf(form({ path, kind: kindsOf(path)[0] })), path).toEqual({})
})

it('says what is to be corrected', () => {
  expect(problemsOf(form({ path: 'robot/send' }))).toHaveProperty('path')
  expect(problemsOf(form({ path: '/gettoken', kind: 'duplicate' }))).toHaveProperty('kind')
  expect(problemsOf(form({ times: '-1' }))).toHaveProperty('times')
  expect(problemsOf(form({ times: '' }))).toHaveProperty('times')
  expect(problemsOf(form({ kind: 'errcode', errcode: 'x' }))).toHaveProperty('errcode')
  expect(problemsOf(form({ errcode: 'x', seconds: '' }))).toEqual({})
  for (const seconds of ['', '0', '601', '1.5']) expect(problemsOf(form({ kind: 'slow', seconds })), seconds).toHaveProperty('seconds')
  for (const seconds of ['1', '600']) expect(problemsOf(form({ kind: 'slow', seconds })), seconds).toEqual({})
})

it('sends only what belongs to the kind', () => {
  expect(faultOf(form({ path: ' /gettoken ' }))).toEqual({ path: '/gettoken', kind: 'throttle', times: 3 })
  expect(faultOf(form({ kind: 'errcode', errcode: '-1', times: '0' }))).toEqual({ path: robotPath, kind: 'errcode', times: 0, errcode: -1 })
  expect(faultOf(form({ kind: 'slow', seconds: '5' }))).toEqual({ path: robotPath, kind: 'slow', times: 3, delayMs: 5000 })
})
