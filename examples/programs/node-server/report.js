'use strict'
// Totals per account and month, rendered as an HTML table.
const { setImmediate: nextTurn } = require('node:timers/promises')
const ledger = require('./ledger')
const { renderRow, renderPage } = require('./template')

const KEPT_MS = 1000
let last = { at: -Infinity, html: null }

function addBooking (totals, month, booking) {
  const key = booking.account
  if (!totals.has(key)) totals.set(key, new Array(12).fill(0))
  totals.get(key)[month] += booking.cents
}

function sumByAccount (months) {
  const totals = new Map()
  months.forEach((bookings, month) => { for (const booking of bookings) addBooking(totals, month, booking) })
  return totals
}

function sortAccounts (totals) { return [...totals.entries()].sort((a, b) => a[0].localeCompare(b[0], 'de')) }

/** Everything in one go: nothing else can run until the page is done. */
function monthlyReport () {
  const totals = sumByAccount(ledger.loadBookingsSync())
  const rows = sortAccounts(totals).map(([account, cents]) => renderRow(account, cents))
  return renderPage('Monthly report', rows)
}

/** The same page from bookings in memory: sums and rows in slices, kept for a second. */
async function monthlyReportFixed () {
  if (performance.now() - last.at < KEPT_MS) return last.html
  last = { at: performance.now(), html: renderInSlices() }
  return last.html
}

async function renderInSlices () {
  const totals = new Map()
  for (const [month, bookings] of ledger.bookings().entries()) {
    for (const booking of bookings) addBooking(totals, month, booking)
    await nextTurn()
  }
  const accounts = sortAccounts(totals)
  const rows = []
  for (let from = 0; from < accounts.length; from += 50) {
    for (const [account, cents] of accounts.slice(from, from + 50)) rows.push(renderRow(account, cents))
    await nextTurn()
  }
  return renderPage('Monthly report', rows)
}

module.exports = { monthlyReport, monthlyReportFixed }
