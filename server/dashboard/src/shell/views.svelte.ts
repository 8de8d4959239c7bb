/** Saved views: addresses of this page under names that the user gave them, kept in this browser. */

export interface SavedView {
  name: string;
  project: string | null;
  /** Page and query, without the folder below which the page is served. */
  address: string;
}

const KEY = 'paceline.views';

/** What other versions of the page, or anybody, have left under the key is not trusted. */
export function readViews(text: string | null): SavedView[] {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) return [];
    const { name, project, address }: Record<string, unknown> = { ...each };
    const isView = typeof name === 'string' && name !== '' && typeof address === 'string' && (project === null || typeof project === 'string');
    return isView ? [{ name, project, address }] : [];
  });
}

/** The views with this one; it takes the place of one with its name in the same project. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  const at = views.findIndex(({ name, project }) => name === view.name && project === view.project);
  return at < 0 ? [...views, view] : views.with(at, view);
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // A page in a frame may be denied storage.
    return null;
  }
}

export class SavedViews {
  list = $state.raw<readonly SavedView[]>(readViews(stored()));
  /** False: the browser keeps nothing, and the views last as long as the page. */
  isKept = $state(true);

  /** Hears what other tabs save; the answer ends it. */
  listen(): () => void {
    const onstorage = ({ key, newValue }: StorageEvent) => {
      if (key === KEY) this.list = readViews(newValue);
    };
    addEventListener('storage', onstorage);
    return () => removeEventListener('storage', onstorage);
  }

  save(view: SavedView): void {
    this.#set(withView(this.list, view));
  }

  remove(view: SavedView): void {
    this.#set(this.list.filter((each) => each !== view));
  }

  #set(list: readonly SavedView[]): void {
    this.list = list;
    try {
      localStorage.setItem(KEY, JSON.stringify(list));
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }
}
