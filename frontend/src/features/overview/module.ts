import { DashboardOutlined } from '@ant-design/icons-vue'
import type { FeatureModule } from '@/shared/feature'

export default {
  routes: [{ path: '/overview', name: 'overview', component: () => import('./OverviewPage.vue'), meta: { audience: 'admin', title: 'overview.title' } }],
  menu: [{ route: 'overview', label: 'overview.title', icon: DashboardOutlined, order: 10, audience: 'admin' }],
} satisfies FeatureModule
