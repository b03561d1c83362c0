import { UserOutlined } from '@ant-design/icons-vue'
import type { FeatureModule } from '@/shared/feature'

export default {
  routes: [{ path: '/me', name: 'me', component: () => import('./MyAccountPage.vue'), meta: { audience: 'signed-in', title: 'me.title' } }],
  menu: [{ route: 'me', label: 'me.title', icon: UserOutlined, order: 90, audience: 'signed-in' }],
} satisfies FeatureModule
