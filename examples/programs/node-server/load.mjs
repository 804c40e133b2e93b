// The load: 6 s of reports, logins and health checks, at most 24 requests a second over 8
// connections. usage: node load.mjs PORT (autocannon is found through NODE_MODULES)
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(path.join(process.env.NODE_MODULES, 'x.js'))
const login = { method: 'POST', path: '/login', body: '{"user":"ada","password":"correct horse"}' }
const result = await require('autocannon')({
  url: `http://127.0.0.1:${process.argv[2]}`,
  duration: 6,
  connections: 8,
  overallRate: 24,
  requests: [{ path: '/report' }, { path: '/health' }, { path: '/health' }, login, { path: '/health' }, { path: '/report' }]
})
const { latency, requests, errors } = result
console.log(`${requests.total} requests, ${errors} errors, latency p50 ${latency.p50} ms, p99 ${latency.p99} ms, max ${latency.max} ms`)
