// Several values under one key.

/** Adds a value to those of a key. */
export function addTo<K, V> (map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, [value])
  else values.push(value)
}
