// Whether Kubernetes would take a manifest: held to the types made of its OpenAPI document, in which an unknown key is an error.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** What every manifest says of itself. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
}

/**
 * What is wrong with each of some manifests, in the compiler's words; an empty list for one that is right. The folder
 * must lie where the packages of this one are found.
 */
export function faultsOf (folder: string, manifests: readonly Manifest[]): readonly string[][] {
  const paths = manifests.map((manifest, i) => {
    const path = join(folder, `manifest-${i}.ts`)
    writeFileSync(path, sourceOf(manifest))
    return path
  })
  const program = ts.createProgram(paths, {
    strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler
  })
  const found = ts.getPreEmitDiagnostics(program)
  return paths.map(path => found
    .filter(({ file }) => file?.fileName === path)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')))
}

/** A literal, since the compiler looks for unknown keys in these only. */
function sourceOf ({ kind, ...rest }: Manifest): string {
  const group = rest.apiVersion.includes('/') ? rest.apiVersion : `core/${rest.apiVersion}`
  return `import type { ${kind} } from 'kubernetes-types/${group}'\nexport const manifest: ${kind} = ${JSON.stringify({ kind, ...rest })}\n`
}
