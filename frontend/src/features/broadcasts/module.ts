import { NotificationOutlined } from '@ant-design/icons-vue'
import type { FeatureModule } from '@/shared/feature'

export default {
  routes: [
    { path: '/broadcasts', name: 'broadcasts', component: () => import('./BroadcastsPage.vue'), meta: { audience: 'admin', title: 'broadcasts.title' } },
    { path: '/broadcasts/new', name: 'compose', component: () => import('./compose/ComposePage.vue'), meta: { audience: 'admin', title: 'broadcasts.compose' } },
    { path: '/broadcasts/:id', name: 'broadcast', component: () => import('./BroadcastPage.vue'), props: true, meta: { audience: 'admin', title: 'broadcasts.detail' } },
  ],
  menu: [{ route: 'broadcasts', label: 'broadcasts.title', icon: NotificationOutlined, order: 30, audience: 'admin' }],
} satisfies FeatureModule
