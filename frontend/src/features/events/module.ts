import { ThunderboltOutlined } from '@ant-design/icons-vue'
import type { FeatureModule } from '@/shared/feature'

export default {
  routes: [{ path: '/events', name: 'events', component: () => import('./EventsPage.vue'), meta: { audience: 'admin', title: 'events.title' } }],
  menu: [{ route: 'events', label: 'events.title', icon: ThunderboltOutlined, order: 50, audience: 'admin' }],
} satisfies FeatureModule
