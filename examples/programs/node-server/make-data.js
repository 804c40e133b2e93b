'use strict'
// Writes the year of bookings that the server reads: `node make-data.js FOLDER`.
const fs = require('node:fs')
const path = require('node:path')

const folder = process.argv[2]
fs.mkdirSync(folder, { recursive: true })
for (let month = 1; month <= 12; month++) {
  const bookings = Array.from({ length: 1500 }, (_, i) => ({
    id: month * 100000 + i,
    account: `${1000 + (i * 37) % 120} "Konto ${(i * 37) % 120}" & Söhne`,
    cents: (i * 7919 + month * 104729) % 250000 - 60000,
    text: `Rechnung ${i} vom ${1 + i % 28}.${month}.`
  }))
  fs.writeFileSync(path.join(folder, `bookings-${month}.json`), JSON.stringify(bookings))
}
