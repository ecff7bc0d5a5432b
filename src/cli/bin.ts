#!/usr/bin/env node
// The program: hands the process's words, streams and signals to the command line.
import process from 'node:process'
import closeWithGrace from 'close-with-grace'
import { main } from './main.ts'

process.exitCode = await main(process.argv.slice(2), {
  stdout: text => { process.stdout.write(text) },
  stderr: text => { process.stderr.write(text) },
  colour: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
  isTerminal: process.stderr.isTTY === true,
  onSignal: ({ end, reload, patience = 9_000 }) => {
    process.on('SIGHUP', reload)
    closeWithGrace({ delay: patience + 1_000, logger: false, skip: ['SIGHUP', 'beforeExit'] }, async ({ signal, err }) => {
      if (err) process.stderr.write(`cors-gateway: ${err.stack ?? err.message}\n`)
      await end(signal ?? 'error')
    })
  }
})
