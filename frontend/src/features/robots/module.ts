import { RobotOutlined } from '@ant-design/icons-vue'
import type { FeatureModule } from '@/shared/feature'

export default {
  routes: [{ path: '/robots', name: 'robots', component: () => import('./RobotsPage.vue'), meta: { audience: 'admin', title: 'robots.title' } }],
  menu: [{ route: 'robots', label: 'robots.title', icon: RobotOutlined, order: 40, audience: 'admin' }],
} satisfies FeatureModule
