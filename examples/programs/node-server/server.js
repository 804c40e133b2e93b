'use strict'
// A bookkeeping service with three habits that block the event loop: it reads a year of files and
// renders the whole report inside the request, it formats every amount through a fresh locale
// look-up, and it checks passwords with the synchronous key derivation. FIXED=1 serves the same
// requests without them.
const http = require('node:http')
const { monthlyReport, monthlyReportFixed } = require('./report')
const { verifyPassword, verifyPasswordFixed } = require('./sessions')
const ledger = require('./ledger')

const FIXED = process.env.FIXED === '1'
const served = new Map()

function audit (request) {
  const key = `${request.method} ${request.url}`
  served.set(key, (served.get(key) || 0) + 1)
}

function onLogin (request, response) {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', text => { body += text })
  request.on('end', async function onBody () {
    const { user, password } = JSON.parse(body)
    const valid = FIXED ? await verifyPasswordFixed(user, password) : verifyPassword(user, password)
    response.statusCode = valid ? 200 : 401
    response.end(JSON.stringify({ user, valid }))
  })
}

async function onReport (response) {
  const html = FIXED ? await monthlyReportFixed() : monthlyReport()
  response.setHeader('content-type', 'text/html')
  response.end(html)
}

const server = http.createServer(function route (request, response) {
  audit(request)
  if (request.url === '/login') return onLogin(request, response)
  if (request.url === '/report') return onReport(response)
  response.end('ok')
})

async function start () {
  if (FIXED) await ledger.preload()
  server.listen(Number(process.env.PORT || 0), '127.0.0.1', () => console.log('listening', server.address().port))
}

process.once('SIGTERM', () => { server.close(); server.closeAllConnections() })
start()
