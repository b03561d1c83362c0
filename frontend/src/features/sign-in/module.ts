import { defineAsyncComponent } from 'vue'
import type { FeatureModule } from '@/shared/feature'

export default {
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('./SignInPage.vue'), meta: { audience: 'public', title: 'signIn.title' } },
    { path: '/register', name: 'register', component: () => import('./RegisterPage.vue'), meta: { audience: 'public', title: 'signIn.register.title' } },
    { path: '/setup', name: 'set-up', component: () => import('./SetUpPage.vue'), meta: { audience: 'public', title: 'signIn.setUp.title' } },
  ],
  overlays: [defineAsyncComponent(() => import('./SignInOverlay.vue'))],
} satisfies FeatureModule
