// An nginx of a test that caches what a gateway answers, as the page about caches shows it.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { findProgram, removeScratch, scratch, start } from '../browsers/process.ts'
import { freePort, httpServer } from './nginx.ts'

/** A shared cache. */
export interface Cache {
  readonly port: number
  /** Forgets everything. */
  purge (): void
}

/** Starts nginx with a configuration that listens on port 8000, caches below `/var/cache/nginx/` and asks port 8080. */
export async function startCache (t: Test, shown: string, gatewayPort: number): Promise<Cache> {
  const program = findProgram(['nginx', '/usr/sbin/nginx'], 'nginx-light')
  const folder = scratch('cache')
  const files = join(folder, 'files')
  mkdirSync(files)
  const port = await freePort()
  const moved = shown.replace('listen 8000;', `listen 127.0.0.1:${port};`).replace('/var/cache/nginx', files).replace('127.0.0.1:8080', `127.0.0.1:${gatewayPort}`)
  writeFileSync(join(folder, 'nginx.conf'), httpServer(folder, `access_log off;\n${moved}`))
  const running = await start({ program, args: ['-p', folder, '-c', join(folder, 'nginx.conf')], ready: /start worker process (\d+)/ })
  t.teardown(async () => {
    await running.end()
    removeScratch(folder)
  })
  while (!await fetch(`http://127.0.0.1:${port}/up`).then(() => true, () => false)) await sleep(20)
  return {
    port,
    purge: () => {
      for (const name of readdirSync(files)) rmSync(join(files, name), { recursive: true })
    }
  }
}
