// What browsers are asked in other ways than by one plain request: from frames, by elements and sockets, along redirects.
import type { Case } from './case.ts'

const json = { 'content-type': 'application/json' }

export const frames: readonly Case[] = [
  ...(['sandbox', 'sandbox-srcdoc', 'data'] as const).flatMap((frame): Case[] => [
    { name: `${frame}: anyone`, from: 'app', frame, ask: 'GET /any/x', is: 'readable' },
    { name: `${frame}: a list with the page's origin`, from: 'app', frame, ask: 'GET /plain/x', is: 'origin-not-allowed' },
    { name: `${frame}: null is listed`, from: 'app', frame, ask: 'GET /opaque/x', is: 'readable' },
    { name: `${frame}: null is listed, PUT`, from: 'app', frame, ask: 'PUT /opaque/x', is: 'readable' },
    { name: `${frame}: null is listed, DELETE`, from: 'app', frame, ask: 'DELETE /opaque/x', is: 'method-not-allowed' },
    { name: `${frame}: any host does not mean null`, from: 'app', frame, ask: 'GET /any-host/x', is: 'origin-not-allowed' }
  ]),
  { name: 'a page is not null', from: 'app', ask: 'GET /opaque/x', is: 'origin-not-allowed' },
  { name: 'a sandboxed frame of the gateway\'s own page', from: 'own', frame: 'sandbox', ask: 'GET /plain/x', is: 'origin-not-allowed' },
  { name: 'a sandboxed frame of the gateway\'s own page, for anyone', from: 'own', frame: 'sandbox', ask: 'GET /any/x', is: 'readable' },
  ...(['srcdoc', 'sandbox-same-origin', 'worker'] as const).flatMap((frame): Case[] => [
    { name: `${frame}: the page's origin`, from: 'app', frame, ask: 'GET /plain/x', is: 'readable' },
    { name: `${frame}: the page's origin, PUT`, from: 'app', frame, ask: 'PUT /plain/x', is: 'readable' },
    { name: `${frame}: null`, from: 'app', frame, ask: 'GET /opaque/x', is: 'origin-not-allowed' }
  ])
]

export const loaders: readonly Case[] = (['xhr', 'font', 'image', 'module', 'script', 'style', 'eventsource', 'websocket'] as const).flatMap((kind): Case[] => [
  { name: `${kind}: anyone`, from: 'evil', kind, ask: 'GET /any/x', is: 'readable' },
  { name: `${kind}: a listed origin`, from: 'app', kind, ask: 'GET /plain/x', is: 'readable' },
  { name: `${kind}: an origin that is not listed`, from: 'evil', kind, ask: 'GET /plain/x', is: 'origin-not-allowed' },
  { name: `${kind}: no policy`, from: 'app', kind, ask: 'GET /nowhere', is: 'no-policy' },
  { name: `${kind}: a subdomain`, from: 'pr', kind, ask: 'GET /preview/x', is: 'readable' },
  { name: `${kind}: an excepted subdomain`, from: 'old', kind, ask: 'GET /preview/x', is: 'origin-excepted' },
  { name: `${kind}: an ambiguous path`, from: 'app', kind, ask: 'GET /SHOP/x', is: 'path-ambiguous' },
  { name: `${kind}: carved out`, from: 'app', kind, ask: 'GET /shop/secret/x', is: 'origin-not-allowed' },
  { name: `${kind}: its own origin`, from: 'own', kind, ask: 'GET /plain/x', is: 'readable' },
  { name: `${kind}: its own origin, no policy`, from: 'own', kind, ask: 'GET /nowhere', is: 'readable' },
  { name: `${kind}: sandboxed, anyone`, from: 'app', frame: 'sandbox', kind, ask: 'GET /any/x', is: 'readable' },
  { name: `${kind}: sandboxed, null is listed`, from: 'app', frame: 'sandbox', kind, ask: 'GET /opaque/x', is: 'readable' },
  { name: `${kind}: sandboxed, a list with the page's origin`, from: 'app', frame: 'sandbox', kind, ask: 'GET /plain/x', is: 'origin-not-allowed' }
])

export const redirects: readonly Case[] = [
  ...[301, 302, 303, 307, 308].flatMap((status): Case[] => [
    { name: `${status} within a host`, from: 'app', ask: 'GET /plain/x', hops: [`${status} - /shop/x`], is: 'readable', reads: 'etag x-request-id' },
    { name: `${status} to another host, where null is not allowed`, from: 'app', ask: 'GET /plain/x', hops: [`${status} api2.localhost /shop/x`], is: 'origin-not-allowed' }
  ]),
  { name: 'to another host, for anyone', from: 'app', ask: 'GET /plain/x', hops: ['302 api2.localhost /any/x'], is: 'readable' },
  { name: 'from an answer that cannot be read', from: 'evil', ask: 'GET /plain/x', hops: ['302 - /any/x'], is: 'origin-not-allowed' },
  { name: 'to where there is no policy', from: 'app', ask: 'GET /plain/x', hops: ['302 - /nowhere'], is: 'no-policy' },
  { name: 'to where credentials are not granted', from: 'app', ask: 'GET /shop/x', credentials: 'include', hops: ['302 - /plain/x'], is: 'credentials-not-allowed' },
  { name: 'with credentials', from: 'app', ask: 'GET /shop/x', credentials: 'include', hops: ['302 - /star/x'], is: 'readable', reads: 'x-total' },
  { name: 'twice within a host', from: 'app', ask: 'GET /plain/x', hops: ['302 - /any/x', '307 - /shop/x'], is: 'readable', reads: 'etag x-request-id' },
  { name: 'to another host and on, for anyone', from: 'app', ask: 'GET /plain/x', hops: ['302 api2.localhost /any/x', '302 - /any/y'], is: 'readable' },
  { name: 'to another host and back: null stays', from: 'app', ask: 'GET /plain/x', hops: ['302 api2.localhost /any/x', '302 api.localhost /plain/y'], is: 'origin-not-allowed' },
  { name: 'to another host and back, where null is listed', from: 'app', ask: 'GET /plain/x', hops: ['302 api2.localhost /any/x', '302 api.localhost /opaque/y'], is: 'readable' },
  { name: '307 keeps PUT, which is asked for again', from: 'app', ask: 'PUT /plain/x', hops: ['307 - /shop/x'], is: 'readable' },
  { name: '308 keeps PUT, which is refused there', from: 'app', ask: 'PUT /plain/x', hops: ['308 - /any/x'], is: 'method-not-allowed' },
  { name: '303 makes PUT a GET', from: 'app', ask: 'PUT /plain/x', hops: ['303 - /any/x'], is: 'readable' },
  { name: '302 keeps PUT', from: 'app', ask: 'PUT /plain/x', hops: ['302 - /any/x'], is: 'method-not-allowed' },
  { name: '302 makes POST a GET', from: 'app', ask: 'POST /plain/x', hops: ['302 - /any-get/x'], is: 'readable' },
  { name: '307 keeps POST', from: 'app', ask: 'POST /plain/x', hops: ['307 - /any-get/x'], is: 'method-not-allowed' },
  { name: '307 keeps the headers', from: 'app', ask: 'GET /plain/x', headers: { 'x-a': '1' }, hops: ['307 - /any/x'], is: 'header-not-allowed' },
  { name: '307 with JSON to where it is listed', from: 'app', ask: 'POST /shop/x', headers: json, hops: ['307 - /star/x'], is: 'readable' },
  { name: '303 drops JSON with the body', from: 'app', ask: 'POST /shop/x', headers: json, hops: ['303 - /any/x'], is: 'readable' },
  { name: 'PUT with a header to another host', from: 'app', ask: 'PUT /plain/x', headers: { 'x-a': '1' }, hops: ['307 api2.localhost /any/x'], is: 'readable' },
  { name: 'authorization is dropped for another host', from: 'app', ask: 'GET /shop/x', headers: { authorization: 'x' }, hops: ['302 api2.localhost /any/x'], is: 'readable' },
  { name: 'its own origin, then another', from: 'own', ask: 'GET /plain/x', hops: ['302 api2.localhost /any/x'], is: 'readable' },
  { name: 'its own origin, then another that does not list it', from: 'own', ask: 'GET /plain/x', hops: ['302 api2.localhost /shop/x'], is: 'origin-not-allowed' },
  { name: 'another and back to its own: null', from: 'own', host: 'api2.localhost', ask: 'GET /any/x', hops: ['302 api.localhost /plain/x'], is: 'origin-not-allowed' },
  { name: 'another and back to its own, where null is listed', from: 'own', host: 'api2.localhost', ask: 'GET /any/x', hops: ['302 api.localhost /opaque/x'], is: 'readable' },
  { name: 'an opaque origin', from: 'app', frame: 'sandbox', ask: 'GET /any/x', hops: ['302 api2.localhost /any/x'], is: 'readable' },
  { name: 'XMLHttpRequest within a host', from: 'app', kind: 'xhr', ask: 'GET /plain/x', hops: ['302 - /shop/x'], is: 'readable' },
  { name: 'XMLHttpRequest to another host', from: 'app', kind: 'xhr', ask: 'GET /plain/x', hops: ['302 api2.localhost /shop/x'], is: 'origin-not-allowed' },
  ...(['image', 'module', 'eventsource'] as const).flatMap((kind): Case[] => [
    { name: `${kind} within a host`, from: 'app', kind, ask: 'GET /plain/x', hops: ['302 - /shop/x'], is: 'readable' },
    { name: `${kind} to another host, for anyone`, from: 'app', kind, ask: 'GET /plain/x', hops: ['302 api2.localhost /any/x'], is: 'readable' },
    { name: `${kind} to another host, where null is not allowed`, from: 'app', kind, ask: 'GET /plain/x', hops: ['302 api2.localhost /shop/x'], is: 'origin-not-allowed' }
  ])
]
