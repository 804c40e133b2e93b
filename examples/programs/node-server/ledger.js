'use strict'
// The bookings of a year, one JSON file per month in the folder DATA.
const fs = require('node:fs')
const path = require('node:path')

const folder = process.env.DATA || 'data'
const file = month => path.join(folder, `bookings-${month}.json`)
const MONTHS = Array.from({ length: 12 }, (_, i) => i + 1)
let kept = null

/** Reads every month again, while the loop waits. */
function loadBookingsSync () { return MONTHS.map(month => JSON.parse(fs.readFileSync(file(month), 'utf8'))) }

/** Reads every month once, one per turn of the loop. */
async function preload () {
  kept = []
  for (const month of MONTHS) kept.push(JSON.parse(await fs.promises.readFile(file(month), 'utf8')))
}

const bookings = () => kept

module.exports = { loadBookingsSync, preload, bookings, file, MONTHS }
