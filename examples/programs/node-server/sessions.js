'use strict'
// Password checks. The derivation costs the same either way; what differs is who waits for it.
const crypto = require('node:crypto')
const { promisify } = require('node:util')

const ROUNDS = 60000
const pbkdf2 = promisify(crypto.pbkdf2)
const stored = new Map()

function matches (user, key) {
  if (!stored.has(user)) stored.set(user, key)
  return crypto.timingSafeEqual(stored.get(user), key)
}

function verifyPassword (user, password) { return matches(user, crypto.pbkdf2Sync(password, user, ROUNDS, 32, 'sha256')) }

async function verifyPasswordFixed (user, password) { return matches(user, await pbkdf2(password, user, ROUNDS, 32, 'sha256')) }

module.exports = { verifyPassword, verifyPasswordFixed }
