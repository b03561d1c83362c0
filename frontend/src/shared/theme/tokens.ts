import { theme as antd } from 'ant-design-vue'
import { computed } from 'vue'
import { theme } from './theme'

// The colours of the page stand in tokens.css; these are the same for ant-design-vue, which computes
// shades from them and so cannot read CSS variables.
const fonts =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif'

const common = {
  fontFamily: fonts,
  fontSize: 14,
  borderRadius: 6,
  controlHeight: 34,
  wireframe: false,
  motionDurationMid: '0.12s',
  motionDurationSlow: '0.16s',
}

const light = {
  colorPrimary: '#1c6b58',
  colorInfo: '#1d5fa8',
  colorSuccess: '#1f7a3d',
  colorWarning: '#8a5a00',
  colorError: '#b3261e',
  colorLink: '#1c6b58',
  colorTextBase: '#1d2420',
  colorBgLayout: '#f4f6f3',
  colorBorder: '#c3cac4',
  colorBorderSecondary: '#e1e6e1',
  colorTextPlaceholder: '#6b746e',
  colorTextDescription: '#56615b',
  colorTextDisabled: '#6f7872',
}

const dark = {
  colorPrimary: '#23806a',
  colorInfo: '#6aa8ea',
  colorSuccess: '#58c07d',
  colorWarning: '#dca84a',
  colorError: '#f0867e',
  colorLink: '#6bcdb0',
  colorTextBase: '#e6ebe7',
  colorBgBase: '#161b18',
  colorBgLayout: '#111513',
  colorBgContainer: '#191f1c',
  colorBgElevated: '#212824',
  colorBorder: '#454f49',
  colorBorderSecondary: '#2c3430',
  colorTextPlaceholder: '#8d9891',
  colorTextDescription: '#a7b2ab',
  colorTextDisabled: '#87918b',
}

/** The theme of ant-design-vue. */
export const antdTheme = computed(() => ({
  algorithm: theme.dark.value ? antd.darkAlgorithm : antd.defaultAlgorithm,
  token: { ...common, ...(theme.dark.value ? dark : light) },
  hashed: false,
}))
