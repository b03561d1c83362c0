'use strict'
// The pages are drawn by the program. What a person does here is told to it; whenever it has something else
// to show, the page is loaded again.

const { view, base } = document.body.dataset
const gone = 'gone' in document.body.dataset
const key = document.querySelector('meta[name="posthouse-key"]').content

const tell = (path, body = {}) =>
  fetch(base + path, { method: 'POST', headers: { 'X-Posthouse-Key': key, 'Content-Type': 'application/json' }, body: JSON.stringify(body) })

async function open(choice) {
  // Whoever waits can still choose something else.
  for (const one of document.querySelectorAll('form button, button[data-do="retry"]')) one.disabled = true
  const busy = document.getElementById('busy')
  if (busy) busy.textContent = busy.dataset.text
  try {
    const { go } = await (await tell('open', choice)).json()
    if (go) return location.replace(go)
  } catch (failed) {
    // The page that is loaded says what is wrong.
  }
  location.reload()
}

const actions = {
  retry: () => (gone ? location.reload() : open({})),
  choose: async () => {
    await tell('choose')
    if (!gone) location.reload()
  },
  quit: () => tell('quit'),
}

for (const form of document.querySelectorAll('form[data-mode]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const fields = new FormData(form)
    void open({ mode: form.dataset.mode, address: String(fields.get('address') ?? ''), plain: fields.has('plain') })
  })
}
for (const button of document.querySelectorAll('button[data-do]')) {
  button.addEventListener('click', () => void actions[button.dataset.do]())
}
for (const button of document.querySelectorAll('button[data-language]')) {
  button.addEventListener('click', () => void tell('language', { language: button.dataset.language }))
}
if (view === 'opening') void open({})
