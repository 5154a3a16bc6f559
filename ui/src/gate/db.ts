/** IndexedDB with promises, for the few things a gate keeps. */
import type { ScanRow, Surprise } from './queue';

const NAME = 'jadegate-gate';
const VERSION = 1;

export interface Stores {
  /** Single values by name: the device's key pair, what the server last said. */
  values: unknown;
  /** Scans not yet taken by the server, by id. */
  scans: ScanRow;
  /** Answers of the server that differed from the verdict shown, by scan id. */
  surprises: Surprise;
}

export class GateDb {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
  }

  static open(factory: IDBFactory = indexedDB): Promise<GateDb> {
    return new Promise((resolve, reject) => {
      const request = factory.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        const db = request.result;
        db.createObjectStore('values');
        db.createObjectStore('scans', { keyPath: 'id' });
        db.createObjectStore('surprises', { keyPath: 'id' });
      };
      request.onsuccess = () => resolve(new GateDb(request.result));
      request.onerror = () => reject(request.error ?? new Error('database'));
    });
  }

  /** Runs requests in one transaction and waits until it is on disk. */
  #run<T>(store: keyof Stores, mode: IDBTransactionMode, work: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const tx = this.#db.transaction(store, mode, { durability: 'strict' });
      const request = work(tx.objectStore(store));
      tx.oncomplete = () => resolve(request.result);
      tx.onabort = () => reject(tx.error ?? new Error('database'));
    });
  }

  get<T>(name: string): Promise<T | undefined> {
    return this.#run('values', 'readonly', (s) => s.get(name) as IDBRequest<T | undefined>);
  }

  async set(name: string, value: unknown): Promise<void> {
    await this.#run('values', 'readwrite', (s) => s.put(value, name));
  }

  all<S extends 'scans' | 'surprises'>(store: S): Promise<Stores[S][]> {
    return this.#run(store, 'readonly', (s) => s.getAll() as IDBRequest<Stores[S][]>);
  }

  async put<S extends 'scans' | 'surprises'>(store: S, row: Stores[S]): Promise<void> {
    await this.#run(store, 'readwrite', (s) => s.put(row));
  }

  async remove(store: 'scans' | 'surprises', id: string): Promise<void> {
    await this.#run(store, 'readwrite', (s) => s.delete(id));
  }

  /** Removes scans, keeps what was surprising about them, adds others in their place: all or nothing. */
  settle(ids: string[], surprises: Surprise[], instead: ScanRow[] = []): Promise<void> {
    return new Promise((resolve, reject) => {
      const tx = this.#db.transaction(['scans', 'surprises'], 'readwrite', { durability: 'strict' });
      for (const s of surprises) tx.objectStore('surprises').put(s);
      for (const id of ids) tx.objectStore('scans').delete(id);
      for (const row of instead) tx.objectStore('scans').put(row);
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new Error('database'));
    });
  }

  /** Forgets everything (another enrolment). */
  async clear(): Promise<void> {
    for (const store of ['values', 'scans', 'surprises'] as const) {
      await this.#run(store, 'readwrite', (s) => s.clear());
    }
  }

  close(): void {
    this.#db.close();
  }
}
