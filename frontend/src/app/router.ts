import { createRouter, createWebHistory, type RouteLocationNormalized, type Router } from 'vue-router'
import { basePath } from '@/shared/base'
import { i18n } from '@/shared/i18n/language'
import { connection } from '@/shared/live/connection'
import { session } from '@/shared/session/session'
import { safeReturn } from '@/shared/session/return'
import { noteArrival } from '@/shared/ui/focus'
import { notify } from '@/shared/ui/notify'
import { watch } from 'vue'
import { boot } from './boot'
import { modules } from './modules'

/** Where somebody who is signed in begins. */
export const home = () => (session.isAdmin.value ? { name: 'overview' } : { name: 'me' })

async function guard(to: RouteLocationNormalized) {
  await boot()
  const audience = to.meta.audience ?? 'signed-in'
  if (to.name === 'home') return session.viewer.value ? home() : { name: 'sign-in' }
  if (audience !== 'public' && !session.viewer.value) return { name: 'sign-in', query: { return: to.fullPath } }
  if (to.name === 'sign-in' && session.viewer.value) return safeReturn(to.query.return) ?? home()
  return true
}

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(basePath),
    routes: [
      { path: '/', name: 'home', component: { render: () => null } },
      ...modules.flatMap((module) => module.routes),
      { path: '/:path(.*)*', name: 'not-found', component: () => import('./NotFound.vue'), meta: { audience: 'public', title: 'app.notFound.title' } },
    ],
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
  })
  router.beforeEach(guard)
  router.afterEach((to, from) => {
    if (from.matched.length > 0 && to.path !== from.path) noteArrival()
  })
  router.onError((_, to) => pageMissing(router, to))
  return router
}

const reloadKey = 'posthouse.reloaded'
const patience = 60_000

// A page's code could not be had: the server is away, or was updated and keeps it under another name.
// Loading the address anew gets it, once the server answers; not again and again when the build is broken.
async function pageMissing(router: Router, to: RouteLocationNormalized): Promise<void> {
  await connection.check()
  if (!connection.state.up) await new Promise<void>((resolve) => watch(connection.returns, () => resolve(), { once: true }))
  if (reloadedLately()) notify(i18n.global.t('app.broken'))
  else window.location.assign(router.resolve(to.fullPath).href)
}

/** Whether a reload was tried within the last minute; notes this one. */
function reloadedLately(): boolean {
  try {
    const last = Number(sessionStorage.getItem(reloadKey) ?? 0)
    sessionStorage.setItem(reloadKey, String(Date.now()))
    return Date.now() - last < patience
  } catch {
    return true // storage is forbidden: rather stay than reload for ever
  }
}
