import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'

/** Who sees a page: anybody, whoever is signed in, or owners and admins. The server decides in the end. */
export type Audience = 'public' | 'signed-in' | 'admin'

declare module 'vue-router' {
  interface RouteMeta {
    audience?: Audience
    /** Key of the page's name, for the window's title. */
    title?: string
  }
}

export interface MenuEntry {
  /** Name of the route it opens. */
  route: string
  /** Key of its text. */
  label: string
  icon: Component
  /** Smaller stands higher. */
  order: number
  audience: Audience
}

/** What a feature folder brings; its `module.ts` exports one as default. */
export interface FeatureModule {
  routes: RouteRecordRaw[]
  menu?: MenuEntry[]
  /** Drawn over every page, such as the sign-in when a session has ended. */
  overlays?: Component[]
}
