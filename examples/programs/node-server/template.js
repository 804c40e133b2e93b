'use strict'
// A minimal template engine: escapes text and formats amounts.
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeMarkup (text) { return text.replace(/[&<>"]/g, mark => ENTITIES[mark]) }

// toLocaleString looks its locale up on each call; a formatter kept in a constant does so once.
const euros = process.env.FIXED === '1' ? new Intl.NumberFormat('de-DE', { minimumFractionDigits: 2 }) : null

function formatAmount (cents) {
  if (euros) return euros.format(cents / 100)
  return (cents / 100).toLocaleString('de-DE', { minimumFractionDigits: 2 })
}

function renderCell (cents) { return `<td class="amount">${formatAmount(cents)}</td>` }

function renderRow (account, cents) { return `<tr><th>${escapeMarkup(account)}</th>${cents.map(renderCell).join('')}</tr>` }

function renderPage (title, rows) { return `<!doctype html><title>${escapeMarkup(title)}</title><table>${rows.join('\n')}</table>` }

module.exports = { escapeMarkup, renderRow, renderPage }
