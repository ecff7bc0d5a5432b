// Every code with its severity, its why and its cure.
export type Severity = 'error' | 'warning' | 'info'
export interface CatalogueEntry { readonly severity: Severity }
export const catalogue = { 'yaml-syntax': { severity: 'error' } } as const satisfies Record<string, CatalogueEntry>
export type DiagnosticCode = keyof typeof catalogue
