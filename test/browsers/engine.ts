// What the tests ask of any browser.

/** A browser that runs. */
export interface Engine {
  readonly name: 'Chromium' | 'Firefox' | 'WebKit'
  readonly version: string
  /** Opens a page and waits until it is loaded. Only Chromium keeps the pages opened before. */
  newPage (url: string): Promise<EnginePage>
  /** Ends the browser and removes what it kept. */
  close (): Promise<void>
}

/** An open page. */
export interface EnginePage {
  /** Evaluates an expression in the page, awaits it where it is a promise, and returns its value, which JSON can hold. */
  evaluate (expression: string): Promise<unknown>
}
