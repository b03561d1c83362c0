import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import './style.css'
import { createRoot } from 'react-dom/client'
import { Access } from './access'
import { Explorer } from './Explorer'
import { openTab } from './tab'

const place = document.getElementById('explorer')
if (place) createRoot(place).render(<Explorer access={new Access(sessionStorage, openTab)} />)
