// The types of link.mjs, which tests and benches share.
export declare class Link {
  readonly port: number
  delay: number
  static to (port: number): Promise<Link>
  sever (): Promise<void>
  heal (): Promise<void>
  forget (): void
  close (): Promise<void>
}
