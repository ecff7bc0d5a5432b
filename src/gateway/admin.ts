// The admin listener: health, readiness, metrics and the API, for operators and their tools only.
import Fastify, { type FastifyInstance } from 'fastify'
import type { CorsGateway } from '../plugin/plugin.ts'
import type { ListenAddress } from './address.ts'
import { registerActions } from './admin-actions.ts'
import { registerDecisions } from './admin-decisions.ts'
import { answerInJson, answerUnroutable, guardListener, requireToken } from './admin-guard.ts'
import { registerHealth, registerViews } from './admin-views.ts'
import { registerConsole } from './console.ts'

/** What the admin listener is told. */
export interface AdminOptions {
  readonly address: ListenAddress
  /** Required where it is given, but for health and the page of the console; a listener that other machines reach must have one. */
  readonly token?: string
  /** The plugin's face, or null until the first good set is served. */
  readonly gateway: () => CorsGateway | null
}

/** Builds the admin listener. Where there is a token, nothing is told without it but the health that probes ask for. It speaks no CORS. */
export function createAdmin ({ address, token, gateway }: AdminOptions): FastifyInstance {
  const app = Fastify({ logger: false, frameworkErrors: answerUnroutable })
  guardListener(app, address, token !== undefined)
  answerInJson(app)
  registerConsole(app)
  registerHealth(app, gateway)
  app.register(async api => {
    if (token !== undefined) requireToken(api, token)
    registerViews(api, gateway)
    registerActions(api, gateway)
    registerDecisions(api, gateway)
  })
  return app
}
