// Which texts are a host that all servers read alike.
import t from 'tap'
import { isAuthority } from '../../src/route/host.ts'

t.test('hosts, with or without a port', t => {
  const fine = [
    'a', 'A', 'localhost', 'api.example.com', 'API.Example.COM', 'api.example.com.', 'x_y.example', 'xn--bcher-kva.example', 'a~b', '-a', '192.0.2.1', '1',
    'a:0', 'a:80', 'a:8443', 'a:65535', 'a:00080', '[::]', '[::1]', '[2001:DB8::1]', '[::ffff:192.0.2.1]', '[::1]:8080', `${'a.'.repeat(7000)}a`
  ]
  for (const text of fine) t.ok(isAuthority(text), text.slice(0, 40))
  t.end()
})

t.test('what servers read differently, or not at all', t => {
  const odd = [
    '', ':', ':80', 'a:', 'a:x', 'a:65536', 'a:99999', 'a:000080', 'a:80:90', 'a:-1', 'a:+1', 'a: 1', 'a:8o', 'a:/', 'a:1:',
    'evil.com, a.example.com', 'evil.com,a.example.com', 'evil.com/.example.com', 'evil.com#.example.com', 'evil.com?.example.com',
    'evil.com\\.example.com', 'u:p@a.example.com', 'u@a.example.com', 'evil.com @a.example.com', '<script>.example.com', 'x\'"--.example.com', '%00.example.com', '%61.example.com',
    'é.example.com', '\u00e9', 'a b', ' a', 'a ', 'a\t', 'a\0', 'a\u007f', '*.example.com', 'a;b', 'a&b', 'a=b', 'a+b', 'a$b', 'a!b', '(a)', '{a}', '|', '^', '`', '@', '[', ']', '[]', '[:]',
    '[::1', '::1', '[::1].example.com', '[::1]x', '[::1]:', '[::1]:x', '[::1]80', '[::g]', '[::G]', '[::@]', '[fe80::1%25eth0]', '[v1.a]', 'x[::1]', '[[::1]]', '[a.b]', '[1]', '\ufb01.example.com', 'a\u3002b'
  ]
  for (const text of odd) t.notOk(isAuthority(text), JSON.stringify(text))
  t.end()
})
