// All small changes of a TypeScript file that a test should notice, found on its syntax tree.
import ts from 'typescript'

const swaps = new Map([
  ['===', ['!==']], ['!==', ['===']], ['<', ['<=', '>=']], ['<=', ['<', '>']], ['>', ['>=', '<=']], ['>=', ['>', '<']],
  ['&&', ['||']], ['||', ['&&']], ['+', ['-']], ['-', ['+']], ['*', ['/']], ['+=', ['-=']], ['-=', ['+=']], ['||=', ['&&=']]
])
const methods = new Map([
  ['every', 'some'], ['some', 'every'], ['startsWith', 'endsWith'], ['endsWith', 'startsWith'], ['indexOf', 'lastIndexOf'], ['lastIndexOf', 'indexOf'],
  ['push', 'unshift'], ['pop', 'shift']
])
/** Calls that may be left out, so that what they are called on stands alone. */
const removable = new Set(['toLowerCase', 'toUpperCase', 'slice', 'filter', 'sort', 'split', 'replaceAll', 'entries'])

/** The mutants of a source text: what stands where, what is put in its place, and in one line what it is. */
export function mutantsOf (file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS)
  const found = []

  function add (node, put) {
    const [start, end] = [node.getStart(source), node.getEnd()]
    const was = text.slice(start, end)
    if (was === put) return
    const { line } = source.getLineAndCharacterOfPosition(start)
    const short = said => said.replace(/\s+/g, ' ').slice(0, 70)
    found.push({ file, line: line + 1, start, end, put, said: `${short(was)}  =>  ${short(put) || '(nothing)'}` })
  }

  function condition (node, canLoop = false) {
    if (!canLoop) add(node, 'true')
    add(node, 'false')
  }

  function visit (node) {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ||
      ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    if (ts.isIfStatement(node)) condition(node.expression)
    else if (ts.isConditionalExpression(node)) condition(node.condition)
    else if (ts.isWhileStatement(node)) condition(node.expression, true)
    else if (ts.isForStatement(node) && node.condition) condition(node.condition, true)
    else if (ts.isBinaryExpression(node)) {
      for (const put of swaps.get(node.operatorToken.getText(source)) ?? []) add(node.operatorToken, put)
      if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) add(node, `(${node.right.getText(source)})`)
    } else if (ts.isPrefixUnaryExpression(node)) {
      if (node.operator === ts.SyntaxKind.ExclamationToken || node.operator === ts.SyntaxKind.MinusToken) add(node, node.operand.getText(source))
      if (node.operator === ts.SyntaxKind.PlusPlusToken) add(node, `--${node.operand.getText(source)}`)
    } else if (ts.isPostfixUnaryExpression(node)) {
      add(node, `${node.operand.getText(source)}${node.operator === ts.SyntaxKind.PlusPlusToken ? '--' : '++'}`)
    } else if (ts.isNumericLiteral(node)) {
      add(node, String(Number(node.text) + 1))
      if (node.text !== '0') add(node, String(Number(node.text) - 1))
    } else if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      add(node, node.text === '' ? '\'mutant\'' : '\'\'')
    } else if (ts.isRegularExpressionLiteral(node)) {
      if (node.text.startsWith('/^')) add(node, node.text.replace('/^', '/'))
      if (/\$\/\w*$/.test(node.text)) add(node, node.text.replace(/\$(\/\w*)$/, '$1'))
      if (/\/\w+$/.test(node.text) && /i\w*$/.test(node.text)) add(node, node.text.replace(/i(\w*)$/, '$1'))
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false')
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true')
    else if (ts.isArrayLiteralExpression(node) && node.elements.length > 0 && !ts.isBinaryExpression(node.parent)) add(node, '[]')
    else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression
      if (methods.has(name.text)) add(name, methods.get(name.text))
      if (removable.has(name.text)) add(node, expression.getText(source))
    }
    if (ts.isExpressionStatement(node) || ts.isBreakStatement(node) || ts.isContinueStatement(node)) add(node, ';')
    if (ts.isReturnStatement(node) && node.expression) add(node, ';')
    ts.forEachChild(node, visit)
  }

  visit(source)
  return found
}
