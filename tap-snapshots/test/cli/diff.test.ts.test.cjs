/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/cli/diff.test.ts > TAP > golden > as Markdown 1`] = `
**CORS policies**: wider and narrower (grants gained: 17; grants lost: 1; changes of guardrails and accepted risks: 1)

**Assurance**

- guardrail carts-are-ours removed (old a.yaml:13: never read on /cart, /cart/\\* for origins outside https://\\*.example.com)

**widened**

| route | origins | what | old | new |
| --- | --- | --- | --- | --- |
| \`/cart\`, \`/cart/*\` | \`https://m.shop.example.com\`, \`https://shop.example.com\` | credentials, method PUT, header content-type, max age 60 → 600 s | shop (a.yaml:3) | shop (a.yaml:3) |
| \`/orders\` of \`partners.example.com\` | \`https://eu-*.partner.example\` | read<br>from 2027-06-01T00:00:00Z on | partner (a.yaml:7), outside-validity | partner (a.yaml:10) |

<details><summary>Requests that show it</summary>

\`\`\`sh
curl -i 'https://api.example.com/cart' -H 'Origin: https://m.shop.example.com' -H 'Cookie: session=1'
curl -i 'https://partners.example.com/orders' -H 'Origin: https://eu-1.partner.example'
\`\`\`

</details>

**narrowed**

| route | origins | what | old | new |
| --- | --- | --- | --- | --- |
| \`/orders\` of \`partners.example.com\` | \`https://*.partner.example\` | read | partner (a.yaml:7) | no rule, origin-not-allowed |

<details><summary>Requests that show it</summary>

\`\`\`sh
curl -i 'https://partners.example.com/orders' -H 'Origin: https://other.partner.example'
\`\`\`

</details>

`

exports[`test/cli/diff.test.ts > TAP > golden > backwards 1`] = `
wider and narrower (grants gained: 1; grants lost: 17; changes of guardrails and accepted risks: 1)

assurance
! guardrail carts-are-ours added (new a.yaml:13: never read on /cart, /cart/* for origins outside https://*.example.com)

widened
+ /orders of partners.example.com: read
    for https://*.partner.example
    old: no rule, origin-not-allowed
    new: partner (a.yaml:7)
    curl -i 'https://partners.example.com/orders' -H 'Origin: https://other.partner.example'

narrowed
- /cart, /cart/*: credentials, method PUT, header content-type, max age 600 → 60 s
    for https://m.shop.example.com, https://shop.example.com
    old: shop (a.yaml:3)
    new: shop (a.yaml:3)
    curl -i 'https://api.example.com/cart' -H 'Origin: https://m.shop.example.com' -H 'Cookie: session=1'

- /orders of partners.example.com: read
    for https://eu-*.partner.example, from 2027-06-01T00:00:00Z on
    old: partner (a.yaml:10)
    new: partner (a.yaml:7), outside-validity
    curl -i 'https://partners.example.com/orders' -H 'Origin: https://eu-1.partner.example'

`

exports[`test/cli/diff.test.ts > TAP > golden > for a terminal 1`] = `
wider and narrower (grants gained: 17; grants lost: 1; changes of guardrails and accepted risks: 1)

assurance
! guardrail carts-are-ours removed (old a.yaml:13: never read on /cart, /cart/* for origins outside https://*.example.com)

widened
+ /cart, /cart/*: credentials, method PUT, header content-type, max age 60 → 600 s
    for https://m.shop.example.com, https://shop.example.com
    old: shop (a.yaml:3)
    new: shop (a.yaml:3)
    curl -i 'https://api.example.com/cart' -H 'Origin: https://m.shop.example.com' -H 'Cookie: session=1'

+ /orders of partners.example.com: read
    for https://eu-*.partner.example, from 2027-06-01T00:00:00Z on
    old: partner (a.yaml:7), outside-validity
    new: partner (a.yaml:10)
    curl -i 'https://partners.example.com/orders' -H 'Origin: https://eu-1.partner.example'

narrowed
- /orders of partners.example.com: read
    for https://*.partner.example
    old: partner (a.yaml:7)
    new: no rule, origin-not-allowed
    curl -i 'https://partners.example.com/orders' -H 'Origin: https://other.partner.example'

`

exports[`test/cli/diff.test.ts > TAP > golden > nothing changes 1`] = `
no decision changes: the two sets decide every request alike

`

exports[`test/cli/diff.test.ts > TAP > golden > nothing changes, as Markdown 1`] = `
**CORS policies**: no decision changes: the two sets decide every request alike

`
