// What belongs to each word of a fixed list, made once.

/** An object with a value for each word. */
export function tableOf<Word extends string, T> (
  words: readonly Word[], make: (word: Word, index: number) => T
): Readonly<Record<Word, T>> {
  return Object.fromEntries(words.map((word, i) => [word, make(word, i)])) as Record<Word, T>
}
