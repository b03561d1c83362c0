/** Usual events and what they carry (protocols.md §4.8), to begin with. */
export const samples: Readonly<Record<string, string>> = {
  user_add_org: '{\n  "userId": ["zhangsan"]\n}',
  user_modify_org: '{\n  "userId": ["lisi"],\n  "diffInfo": {\n    "prev": { "name": "李四" },\n    "curr": { "name": "李斯" },\n    "userid": "lisi"\n  }\n}',
  user_leave_org: '{\n  "userId": ["weisi"]\n}',
  org_admin_add: '{\n  "userId": ["lisi"]\n}',
  org_dept_create: '{\n  "deptId": [203]\n}',
  org_dept_modify: '{\n  "deptId": [201]\n}',
  org_dept_remove: '{\n  "deptId": [203]\n}',
  bpms_instance_change:
    '{\n  "processInstanceId": "b8c2f0a4-0001",\n  "businessId": "202611220001000123456",\n  "title": "张三提交的请假",\n  "type": "finish",\n  "result": "agree",\n  "processCode": "PROC-LEAVE",\n  "staffId": "zhangsan"\n}',
  bpms_task_change:
    '{\n  "processInstanceId": "b8c2f0a4-0001",\n  "taskId": 9007199254740993,\n  "title": "张三提交的请假",\n  "type": "finish",\n  "result": "agree",\n  "processCode": "PROC-LEAVE",\n  "staffId": "lisi"\n}',
  check_in: '{\n  "staffId": "wangwu"\n}',
  chat_update_title: '{\n  "Title": "值班群（新）",\n  "ChatId": "chat0001",\n  "Operator": "lisi"\n}',
  check_url: '{}',
}

export const eventTypes = Object.keys(samples)

/** What to put below an event's type, unless somebody has written something there. */
export function sampleFor(type: string, written: string): string {
  const untouched = written.trim() === '' || written.trim() === '{}' || Object.values(samples).includes(written)
  return untouched ? (samples[type] ?? written) : written
}

/** The body of the call: the data goes as it was typed, or large numbers would lose their last digits. */
export const eventBody = (type: string, data: string): string => `{"eventType":${JSON.stringify(type)},"data":${data}}`
