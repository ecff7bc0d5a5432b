// What time it is for a store.
import type { Store, StoredStatus } from '../../source/nats/client.ts'

/** The clock by which statuses are dated. Where there is none, no clock is needed, and a store may be missing altogether. */
export async function clockOf (store: Store, statuses: readonly StoredStatus[]): Promise<number> {
  return statuses.length === 0 ? Date.now() : store.now()
}
