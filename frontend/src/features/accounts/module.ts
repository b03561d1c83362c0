import { TeamOutlined } from '@ant-design/icons-vue'
import type { FeatureModule } from '@/shared/feature'

export default {
  routes: [
    { path: '/accounts', name: 'accounts', component: () => import('./AccountsPage.vue'), meta: { audience: 'admin', title: 'accounts.title' } },
    { path: '/accounts/:id', name: 'account', component: () => import('./AccountPage.vue'), props: true, meta: { audience: 'admin', title: 'accounts.detail' } },
  ],
  menu: [{ route: 'accounts', label: 'accounts.title', icon: TeamOutlined, order: 20, audience: 'admin' }],
} satisfies FeatureModule
