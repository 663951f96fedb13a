/** An empty store, and what it tells, for one test. */
import { openStore, type Store } from "../../lib/support/store.ts";
import { inFolder } from "./temporary_folder.ts";

export const withStore = (test: (store: Store, notices: string[]) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const notices: string[] = [];
    await test(openStore(folder, { onNotice: (message) => notices.push(message) }), notices);
  });
