import { reactive } from 'vue'

/** What was typed in a chat and not sent yet, while another chat is looked at. */
export const unsaid = reactive(new Map<string, string>())
